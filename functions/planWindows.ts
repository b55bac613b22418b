import { app } from '@azure/functions';
import { logOf, services } from '../src/app/functionApp.ts';
import { SETTINGS } from '../src/config/schema.ts';
import { planAndSend } from '../src/windows/planWindows.ts';

app.timer('planWindows', {
  // A setting that is not set would stop the host; its default stands in.
  schedule: process.env['PLAN_SCHEDULE'] ? '%PLAN_SCHEDULE%' : SETTINGS.PLAN_SCHEDULE.default,
  runOnStartup: false,
  handler: async (_timer, context) => {
    await planAndSend(await services(), logOf(context));
  },
});

import { app } from '@azure/functions';
import { logOf, services } from '../src/app/functionApp.ts';
import { SETTINGS } from '../src/config/schema.ts';

app.timer('planWindows', {
  // A setting that is not set, or blank, would stop the host; its default stands in.
  schedule: process.env['PLAN_SCHEDULE']?.trim() ? '%PLAN_SCHEDULE%' : SETTINGS.PLAN_SCHEDULE.default,
  runOnStartup: false,
  handler: async (_timer, context) => {
    const { planTick } = await import('../src/app/planTick.ts');
    const connected = await services();
    const log = logOf(context);
    await planTick(connected, log);
    const { observeTick } = await import('../src/app/observeTick.ts');
    await observeTick(connected, log);
  },
});

import { app } from '@azure/functions';
import { logOf, services } from '../src/app/functionApp.ts';
import { healthCheck } from '../src/app/health.ts';

const check = healthCheck(services);

// Anonymous, so that a probe needs no key: it says up or down and no more.
app.http('health', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'health',
  handler: async (_request, context) => {
    const up = await check(logOf(context), Date.now());
    return {
      status: up ? 200 : 503,
      jsonBody: { status: up ? 'up' : 'down' },
      headers: { 'Cache-Control': 'no-store' },
    };
  },
});

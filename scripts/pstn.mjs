// The command line from a checkout: builds what is stale, then runs it in this very process, so that
// signals reach it and nothing is left behind.
import { buildIfStale } from './build.mjs';

await buildIfStale();
await import('../dist/cli/pstn.js');

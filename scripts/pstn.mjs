// The command line from a checkout: builds what is stale, then runs it in this very process, so that
// signals reach it and nothing is left behind.

// Before anything that takes time: whoever started this may be gone by the time that somebody looks.
process.env.PSTN_PARENT_PID = String(process.ppid);

const { buildIfStale } = await import('./build.mjs');
await buildIfStale();
await import('../dist/cli/pstn.js');

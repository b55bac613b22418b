import { expect, it } from 'vitest';
import { windowsOfJob } from '../../src/windows/packJobs.ts';
import { QUEUES } from '../../src/queues/names.ts';
import { callAt, idsOf, jobOf, landingWorld } from '../support/landingWorld.ts';

const TEN = 'ndjson/v1/callDate=2026-11-23/pstn-calls-1000-PT60M.jsonl';
const job = jobOf('2026-11-23T10:00:00Z', '2026-11-23T11:00:00Z');
const a = callAt('a', '2026-11-23T10:15:00.0000000Z');
const b = callAt('b', '2026-11-23T10:45:00.0000000Z');

it('a delivery that died after its commit is made good when it is repeated, though another job read the window meanwhile', async () => {
  const world = landingWorld([a]);
  const { ledger, raw } = world.deps();
  await world.land(job);
  const daysTold = () => world.sender.sent.filter(({ queue }) => queue === QUEUES.days).length;
  const before = daysTold();

  // Claimed while that read was under way, committed after it had ended, and told nobody.
  world.log.rows = [a, b];
  const { number } = await ledger.claim(windowsOfJob(job), world.nowMs, () => Promise.resolve(0));
  await raw.put(TEN, Buffer.from(`${JSON.stringify(b)}\n`), {
    metadata: { claim: String(number), rows: '1' },
  });

  // Another message of the same hours leaves the read to whoever is at work on it.
  expect(await world.land(job)).toMatchObject({ windows: 0, skipped: 1 });
  const report = await world.land(job, { isRepeated: true });
  expect(report).toMatchObject({ windows: 1, skipped: 0 });
  expect(idsOf(world, TEN)).toEqual(['a', 'b']);
  expect(daysTold()).toBe(before + 1);
  expect(await ledger.readDay('2026-11-23')).toMatchObject([
    { claim: number + 1, done: number + 1, rows: 2, notified: world.etags()[TEN] },
  ]);

  // Once it has ended, the message has nothing left to do.
  expect(await world.land(job, { isRepeated: true })).toMatchObject({ windows: 0, skipped: 1 });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { COMMAND_PATIENCE } from '../../src/app/patience.ts';
import { connectServices, type Services } from '../../src/app/services.ts';
import type { Status } from '../../src/report/status.ts';
import { windowsOfDay } from '../../src/windows/grid.ts';
import { startStaying, type Staying } from '../support/command.ts';
import { runInProcess } from '../support/inProcess.ts';
import { eventually } from '../support/testPipeline.ts';

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'pstn-restart-'));
});
afterAll(() => rm(data, { recursive: true, force: true }));

async function withServices<T>(
  { environment }: Staying,
  work: (services: Services) => Promise<T>,
): Promise<T> {
  const services = await connectServices(environment, COMMAND_PATIENCE);
  try {
    return await work(services);
  } finally {
    await services.close();
  }
}

const statesOf = async ({ ledger }: Services, date: string): Promise<string[]> =>
  (await ledger.readDay(date)).map(({ state }) => state);

it('pstn local --stay goes on with what was on its way when it was killed, though its queues are gone', async () => {
  const read = '2026-03-02';
  const lost = '2026-03-04';
  const first = await startStaying(['--data', data]);
  try {
    const { code } = await runInProcess(
      ['backfill', '--from', read, '--to', '2026-03-03'],
      first.environment,
    );
    expect(code).toBe(0);
    await withServices(first, async (services) => {
      // Its jobs are done, and the day's message is delayed: it dies with the queue.
      await eventually('the day is read', async () =>
        (await statesOf(services, read)).filter((state) => state === 'read').length === 24 ? true : undefined,
      );
      expect((await services.readDayHead(read))?.complete).not.toBe(true);
      // As a backfill leaves them whose messages are gone.
      await services.ledger.markPlanned(windowsOfDay(lost), 'backfill', services.clock.nowMs());
    });
  } finally {
    await first.kill();
  }

  const second = await startStaying(['--data', data]);
  try {
    await withServices(second, async (services) => {
      await eventually('what was asked for is read', async () =>
        (await statesOf(services, lost)).every((state) => state === 'read') ? true : undefined,
      );
      for (const date of [read, lost]) {
        await eventually(`${date} is summed`, async () =>
          (await services.readDayHead(date))?.complete === true ? true : undefined,
        );
      }
    });
    const range = ['--from', lost, '--to', '2026-03-05'];
    const waited = await runInProcess(['backfill', ...range, '--wait', '--json'], second.environment);
    expect(waited.code).toBe(0);
    expect(JSON.parse(waited.stdout)).toMatchObject({ windowsDone: 24, failed: [], unfolded: [] });
    const { stdout } = await runInProcess(['status', '--json'], second.environment);
    const { windows, unread, backfill } = JSON.parse(stdout) as Status;
    expect({ windows, backfill }).toMatchObject({
      windows: { failed: 0, planned: 0 },
      backfill: { windows: 0 },
    });
    expect({ ...unread, unverified: [] }).toEqual({ failed: [], planned: [], stranded: [], unverified: [] });
  } finally {
    expect(await second.stop()).toBe(0);
  }
}, 180_000);

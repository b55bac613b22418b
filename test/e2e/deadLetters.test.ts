import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListedDeadLetter } from '../../src/report/listDeadLetters.ts';
import type { Status } from '../../src/report/status.ts';
import { type Ran, runInProcess } from '../support/inProcess.ts';
import { eventually, FEW_HOURS, startTestPipeline, type TestPipeline } from '../support/testPipeline.ts';

const SECRET = '+4930123456';
let pipeline: TestPipeline;
let client: ServiceBusClient;

beforeAll(async () => {
  pipeline = await startTestPipeline();
  client = new ServiceBusClient(process.env['ServiceBusConnection'] ?? '');
});
afterAll(async () => {
  await client.close();
  await pipeline.stop();
});

/** A command in the environment of the pipeline. */
function pstn(...args: string[]): Promise<Ran> {
  const names = ['DATA_STORAGE', 'ServiceBusConnection', 'GRAPH_ENDPOINT', 'LOCAL_CLOCK'];
  const environment = Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']));
  return runInProcess(args, environment);
}

async function listed(...args: string[]): Promise<ListedDeadLetter[]> {
  const { code, stdout } = await pstn('dead-letters', 'list', '--json', ...args);
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { deadLetters: ListedDeadLetter[] }).deadLetters;
}

async function status(): Promise<{ code: unknown; found: Status }> {
  const { code, stdout } = await pstn('status', '--json');
  return { code, found: JSON.parse(stdout) as Status };
}

const ofDay = (letters: readonly ListedDeadLetter[], date: string): ListedDeadLetter[] =>
  letters.filter(({ reason }) => reason.includes(`from ${date}T`));

const refusals = async (): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of pipeline.services.control.list('refused/v1/')) names.push(name);
  return names;
};

/** Takes requests and answers none, until it is closed. */
async function startSilentOrigin() {
  let asked = 0;
  const server = createServer(() => void (asked += 1)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a job that failed for good', () => {
  it('is listed with its reason, and read once its cause is mended and it is replayed', async () => {
    const { date, rows, graph } = await pipeline.simulate(FEW_HOURS);
    pipeline.router.route(date, () => ({ status: 403, body: '' }));
    expect((await pipeline.readDay(date)).failed).toHaveLength(3);
    const [letter] = await eventually('it lies among the dead letters', async () => {
      const found = ofDay(await listed('--queue', 'pstn-windows-backfill'), date);
      return found.length === 1 ? found : undefined;
    });
    expect(letter).toMatchObject({ queue: 'pstn-windows-backfill', deliveries: 10 });
    expect(letter?.reason).toContain('CallRecords.Read.All');
    const { code: needsAHand, found: failed } = await status();
    expect(needsAHand).toBe(3);
    expect(failed.unread.failed).toEqual([
      {
        windows: 3,
        first: `${date}T12Z`,
        last: `${date}T14Z`,
        reason: expect.stringContaining('denies') as string,
      },
    ]);
    const { stdout } = await pstn('dead-letters', 'list');
    expect(stdout).toMatch(
      /^pstn-windows-backfill {2}\S+ {2}sent 20\S+, 10 deliveries\n {2}Graph denies access/m,
    );

    // Not mended: it has its turn, and lies there again.
    const inVain = await pstn('dead-letters', 'replay', '--queue', 'pstn-windows-backfill', '--json');
    expect(inVain.code).toBe(0);
    expect(JSON.parse(inVain.stdout)).toEqual({
      found: 1,
      replayed: 1,
      queues: [{ queue: 'pstn-windows-backfill', found: 1, replayed: 1 }],
    });
    const [again] = await eventually('it lies there again', async () => {
      const found = ofDay(await listed(), date);
      return found.length === 1 ? found : undefined;
    });
    expect(again?.messageId).toMatch(/^replay-/);

    // While it is on its way, its windows are waited for, and have not failed.
    const silent = await startSilentOrigin();
    pipeline.router.route(date, () => silent.url);
    const one = await pstn('dead-letters', 'replay', '--message', again?.messageId ?? '');
    expect(one).toMatchObject({
      code: 0,
      stdout: '1 of 1 dead letters of pstn-windows-backfill sent again\n',
    });
    expect((await status()).found).toMatchObject({
      windows: { failed: 0, planned: 3 },
      unread: { failed: [], planned: [{ windows: 3 }] },
      backfill: { windows: 3 },
    });
    await eventually('it is asked for', () => (silent.asked() > 0 ? true : undefined));
    pipeline.router.route(date, () => graph.url);
    await silent.close();
    await eventually('all of it is read and summed', async () => {
      const { found } = await status();
      const day = found.windows.failed === 0 && found.windows.read === 3 && found.queues;
      const head = await pipeline.services.readDayHead(date);
      return day !== false && head?.complete === true ? true : undefined;
    });
    await pipeline.expectStored(date, rows);
    const { found } = await status();
    expect(found).toMatchObject({
      deadLetters: [],
      unread: { failed: [], planned: [] },
      windows: { failed: 0, read: 3 },
    });
    expect(found.attention.filter((line) => /dead letters|failed/.test(line))).toEqual([]);
  });

  it('that was read since by another is dropped without a request', async () => {
    const { date, rows, graph } = await pipeline.simulate(FEW_HOURS);
    pipeline.router.route(date, () => ({ status: 403, body: '' }));
    await pipeline.readDay(date);
    await eventually('it lies among the dead letters', async () =>
      ofDay(await listed(), date).length === 1 ? true : undefined,
    );
    pipeline.router.route(date, () => graph.url);
    await pipeline.expectExact(date, rows);
    const requests = pipeline.router.requested(date).length;
    expect((await pstn('dead-letters', 'replay', '--all')).code).toBe(0);
    await eventually('it is done', async () => {
      const { found } = await status();
      const jobs = found.queues.find(({ queue }) => queue === 'pstn-windows-backfill');
      return jobs?.active === 0 && jobs.scheduled === 0 && jobs.deadLetters === 0 ? true : undefined;
    });
    expect(pipeline.router.requested(date)).toHaveLength(requests);
    await pipeline.expectStored(date, rows);
  });
});

describe('a message that is none', () => {
  it('leaves its reason behind while it lies there, and takes it along when it is replayed', async () => {
    const sender = client.createSender('pstn-days');
    await sender.sendMessages([
      { messageId: 'no-json', body: Buffer.from(`call ${SECRET}`) },
      { messageId: 'other', body: { v: 1, data: { date: '0001-01-01' } } },
    ]);
    await eventually('both are given up', async () => ((await listed()).length === 2 ? true : undefined));
    expect((await refusals()).sort()).toEqual(['refused/v1/no-json.json', 'refused/v1/other.json']);
    const { code } = await pstn('dead-letters', 'replay', '--message', 'no-json');
    expect(code).toBe(0);
    const letters = await eventually('it is refused again', async () => {
      const found = await listed();
      return found.length === 2 ? found : undefined;
    });
    const replayed = letters.find(({ messageId }) => messageId.startsWith('replay-'));
    expect(replayed?.reason).toBe('day message: the body is not JSON');
    expect((await refusals()).sort()).toEqual([
      'refused/v1/other.json',
      `refused/v1/${replayed?.messageId}.json`,
    ]);
  });
});

describe('pstn dead-letters', () => {
  it.each([
    [['replay'], /^say what to replay: --queue <name> .*--all/],
    [['replay', '--queue', 'windows'], undefined],
    [['list', '--queue', 'pstn'], undefined],
  ])('%j ends with 2 and says what would be right', async (args, message) => {
    const { code, stdout, stderr, errors } = await pstn('dead-letters', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    if (message !== undefined) expect(errors).toEqual([expect.stringMatching(message)]);
    else {
      expect(stderr).toContain(
        'The queues are pstn-windows, pstn-windows-backfill, pstn-days, pstn-parquet, pstn-alerts.',
      );
    }
  });

  it('ends with 1 if there is no such message, and names it', async () => {
    const { code, errors } = await pstn('dead-letters', 'replay', '--message', 'nobody');
    expect(code).toBe(1);
    expect(errors).toEqual([expect.stringContaining('no dead letter has the id nobody')]);
  });

  it('ends with 0 if there is nothing to replay', async () => {
    const { code, stdout } = await pstn('dead-letters', 'replay', '--queue', 'pstn-parquet');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'There was nothing to be sent again.\n' });
  });
});

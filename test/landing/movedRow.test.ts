import { describe, expect, it } from 'vitest';
import type { WindowJob } from '../../src/queues/messages.ts';
import { LandingScene } from '../support/landingScene.ts';
import {
  callAt,
  type CallRow,
  idsOf,
  jobOf,
  type LandingWorld,
  landingWorld,
  replan,
} from '../support/landingWorld.ts';

const DATE = '2026-11-23';
const blob = (hour: string, date = DATE): string =>
  `ndjson/v1/callDate=${date}/pstn-calls-${hour}00-PT60M.jsonl`;
const hourJob = (hour: number): WindowJob =>
  jobOf(
    `${DATE}T${String(hour).padStart(2, '0')}:00:00Z`,
    `${DATE}T${String(hour + 1).padStart(2, '0')}:00:00Z`,
  );
const dayJob = jobOf(`${DATE}T00:00:00Z`, '2026-11-24T00:00:00Z');
const at = (hour: number, minute = 15): string =>
  `${DATE}T${[hour, minute, 0].map((part) => String(part).padStart(2, '0')).join(':')}Z`;

const jobsSent = (world: LandingWorld): WindowJob[] =>
  world.sender.sent.flatMap(({ queue, message }) =>
    queue === 'pstn-windows' ? [message.data as WindowJob] : [],
  );

async function sceneWith(rows: readonly CallRow[], job = dayJob): Promise<LandingScene> {
  const world = landingWorld([...rows]);
  await world.land(job);
  world.sender.sent.length = 0;
  return new LandingScene(world);
}

describe('a row that moves between windows', () => {
  const others = [callAt('x', at(10)), callAt('y', at(15))];
  const before = [...others, callAt('moves', at(10, 59))];
  const after = [...others, callAt('moves', at(15, 1))];

  it.each([
    { first: 10, second: 15, what: 'the old one first' },
    { first: 15, second: 10, what: 'the new one first' },
  ])('is in one of them after both were read, $what', async ({ first, second }) => {
    const scene = await sceneWith(before);
    const { world } = scene;
    world.log.rows = after;
    await world.land(replan(world, hourJob(first)));
    await world.land(replan(world, hourJob(second)));
    await scene.drain();
    expect(idsOf(world, blob('10'))).toEqual(['x']);
    expect(idsOf(world, blob('15'))).toEqual(['y', 'moves']);
  });

  it('is not lost when the new window was read before the move, and the old one after it', async () => {
    const scene = await sceneWith(before);
    const { world } = scene;
    await world.land(replan(world, hourJob(15)));
    world.log.rows = after;
    await world.land(replan(world, hourJob(10)));
    expect(idsOf(world, blob('15'))).toEqual(['y']);
    expect(jobsSent(world)).toMatchObject([{ from: dayJob.from, to: dayJob.to, lane: 'live' }]);
    await scene.drain();
    expect(idsOf(world, blob('15'))).toEqual(['y', 'moves']);
  });

  it('is not lost when a read of the new window, begun before the move, ends after that of the old one', async () => {
    const scene = await sceneWith(before);
    const { world } = scene;
    const fast = world.nowMs + 60_000;
    world.log.beforePage = async () => {
      // The worker of the new window has claimed, by a clock that is a minute ahead, and has its page.
      world.log.beforePage = () => undefined;
      const late = replan(world, hourJob(10));
      const stale = world.log.rows;
      world.log.rows = after;
      await world.land(late);
      world.log.rows = stale;
    };
    await world.land(replan(world, hourJob(15)), { clock: { nowMs: () => fast + 60_000 } });
    world.log.rows = after;
    expect(idsOf(world, blob('15'))).toEqual(['y']);
    await scene.drain();
    expect(idsOf(world, blob('15'))).toEqual(['y', 'moves']);
  });

  it('is looked for on both sides of midnight', async () => {
    const twoDays = jobOf('2026-11-22T00:00:00Z', '2026-11-24T00:00:00Z');
    const late = { ...callAt('moves', '2026-11-22T23:59:00Z') };
    const scene = await sceneWith([...others, callAt('moves', at(0, 10))], twoDays);
    const { world } = scene;
    world.log.rows = [...others, late];
    await world.land(replan(world, hourJob(0)));
    expect(jobsSent(world)).toMatchObject([{ from: twoDays.from, to: twoDays.to }]);
    await scene.drain();
    expect(idsOf(world, blob('23', '2026-11-22'))).toEqual(['moves']);
    expect(idsOf(world, blob('00'))).toEqual([]);
  });

  it('does not make windows be read that nobody has asked for', async () => {
    const scene = await sceneWith(before, jobOf(`${DATE}T10:00:00Z`, `${DATE}T12:00:00Z`));
    const { world } = scene;
    world.log.rows = after;
    await world.land(replan(world, hourJob(10)));
    expect(jobsSent(world)).toMatchObject([{ from: `${DATE}T10:00:00Z`, to: `${DATE}T12:00:00Z` }]);
  });
});

describe('rows that were withdrawn', () => {
  const rows = [callAt('a', at(9)), callAt('b', at(10)), callAt('c', at(10)), callAt('d', at(11))];

  it('have the day read once more, by one job for all its windows, and not again by that job', async () => {
    const scene = await sceneWith(rows);
    const { world } = scene;
    world.log.rows = [callAt('c', at(10))];
    await world.land(replan(world, jobOf(`${DATE}T09:00:00Z`, `${DATE}T12:00:00Z`)));
    expect(jobsSent(world)).toHaveLength(1);
    expect(await scene.drain()).toBe(1);
    expect(idsOf(world, blob('10'))).toEqual(['c']);
  });

  it('are asked for again by a run that is repeated, since the first may have ended before it asked', async () => {
    const scene = await sceneWith(rows);
    const { world } = scene;
    world.log.rows = rows.slice(1);
    const put = () => Promise.reject(new Error('the process ends'));
    const message = replan(world, hourJob(9));
    await expect(world.land(message, { raw: { ...world.raw, put } })).rejects.toThrow();
    expect(jobsSent(world)).toHaveLength(1);
    await world.land(message);
    expect(jobsSent(world)).toHaveLength(2);
  });

  it('have nothing read again if nothing went: a price that changed is no other row', async () => {
    const scene = await sceneWith(rows);
    const { world } = scene;
    world.log.rows = [...rows.map((row) => ({ ...row, charge: 0.5 })), callAt('late', at(11))];
    await world.land(replan(world, dayJob));
    expect(jobsSent(world)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { direct, LandingScene } from '../support/landingScene.ts';
import { callAt, type CallRow, idsOf, jobOf, landingWorld, replan } from '../support/landingWorld.ts';
import { faultAt, type FaultKind } from '../support/steps.ts';

/*
 * A read loses rows and is to be kept aside, or a second one confirms it; one thing goes wrong at one place, then
 * the message is delivered again. Whatever the place, no blob changes before a second read agrees, one is asked
 * for, and after it the blobs hold the log.
 */
const DATE = '2026-11-23';
const MINUTE = 60_000;
const job = jobOf(`${DATE}T10:00:00Z`, `${DATE}T12:00:00Z`);
const nameOf = (root: string, hour: number): string =>
  `${root}/v1/callDate=${DATE}/pstn-calls-${hour}00-PT60M.jsonl`;
const KINDS: FaultKind[] = ['crashBefore', 'crashAfter', 'lostAnswer', 'refused', 'sentTwice'];

const calls = (count: number, hour: number): CallRow[] =>
  Array.from({ length: count }, (_, index) =>
    callAt(`${hour}-${index}`, `${DATE}T${hour}:30:00Z`, { callId: 'x'.repeat(hour === 10 ? 300 : 0) }),
  );
const idsFrom = (rows: readonly CallRow[]) => rows.map((row) => row['id']);
const FULL = [...calls(40, 10), ...calls(5, 11)];
/** So much is left that it is staged while it comes, in blocks that cannot go elsewhere. */
const LESS = [...calls(25, 10), ...calls(4, 11)];

async function sceneWithFull(): Promise<LandingScene> {
  const scene = new LandingScene(landingWorld(FULL));
  await scene.deliver(job, [direct]);
  scene.world.log.rows = LESS;
  return scene;
}

const confirmations = ({ world }: LandingScene) =>
  world.sender.sent.filter(({ queue, delayMs }) => queue === 'pstn-windows' && delayMs > 0);

async function expectShrunk(scene: LandingScene, before: Record<string, string>, place: string) {
  const { world } = scene;
  const etags = world.etags();
  for (const [name, etag] of Object.entries(before)) expect(etags[name], `${name}, ${place}`).toBe(etag);
  const entries = await createTableLedger(world.table).readDay(DATE);
  for (const { state, claim, done, lastError, rows } of entries) {
    expect({ state, lastError, rows }, place).toMatchObject({ state: 'shrunk' });
    expect(done).toBe(claim);
  }
  const [ten] = entries;
  const aside = world.raw.blobs.get(nameOf('aside', 10));
  expect(aside?.metadata['claim'], place).toBe(String(ten?.shrunkClaim));
  expect(idsOf(world, nameOf('aside', 10))).toEqual(idsFrom(LESS.slice(0, 25)));
  expect(confirmations(scene).length, place).toBeGreaterThan(0);
}

async function expectConfirmed({ world, told }: LandingScene, place: string) {
  expect(idsOf(world, nameOf('ndjson', 10)), place).toEqual(idsFrom(LESS.slice(0, 25)));
  expect(idsOf(world, nameOf('ndjson', 11)), place).toEqual(idsFrom(LESS.slice(25)));
  const entries = await createTableLedger(world.table).readDay(DATE);
  for (const { window, state, notified, shrunkAt, lastError } of entries) {
    const etag = world.raw.blobs.get(nameOf('ndjson', window.hour))?.etag;
    expect({ state, notified, shrunkAt, lastError }, place).toEqual({ state: 'read', notified: etag });
    expect(told.get(nameOf('ndjson', window.hour)), place).toBe(etag);
  }
}

describe('one fault anywhere', () => {
  it.each(KINDS)('%s, while a read that lost rows is kept aside', async (kind) => {
    const places: string[] = [];
    for (let at = 0; ; at++) {
      const scene = await sceneWithFull();
      const { world } = scene;
      const before = world.etags();
      const fault = faultAt(at, kind);
      await scene.deliver(replan(world, job), [fault.step, direct, direct]);
      if (!fault.happened) break;
      places.push(fault.place);
      const place = `${kind} at ${fault.place}`;
      await expectShrunk(scene, before, place);

      world.nowMs += 60 * MINUTE;
      await scene.deliver(replan(world, job), [direct]);
      await expectConfirmed(scene, place);
    }
    const aside = nameOf('aside', 10);
    expect(places).toEqual(
      expect.arrayContaining([`stage ${aside}`, `commit ${aside}`, 'send pstn-windows']),
    );
    expect(places).toContain(`put ${nameOf('aside', 11)}`);
  });

  it.each(KINDS)('%s, while a second read confirms', async (kind) => {
    for (let at = 0; ; at++) {
      const scene = await sceneWithFull();
      const { world } = scene;
      await scene.deliver(replan(world, job), [direct]);
      world.nowMs += 60 * MINUTE;
      const fault = faultAt(at, kind);
      await scene.deliver(replan(world, job), [fault.step, direct, direct]);
      if (!fault.happened) break;
      const place = `${kind} at ${fault.place}`;
      await expectConfirmed(scene, place);

      // The rows that went are looked for in all hours of the day, whatever went wrong; then all is at rest.
      await scene.drain();
      const { length } = world.sender.sent;
      const before = world.etags();
      expect(await scene.drain()).toBe(0);
      await scene.deliver(replan(world, job), [direct]);
      expect(world.etags()).toEqual(before);
      expect(world.sender.sent).toHaveLength(length);
    }
  });

  it.each(KINDS)('%s, while the rows are seen again', async (kind) => {
    for (let at = 0; ; at++) {
      const scene = await sceneWithFull();
      const { world } = scene;
      await scene.deliver(replan(world, job), [direct]);
      world.log.rows = FULL;
      world.nowMs += 60 * MINUTE;
      const fault = faultAt(at, kind);
      await scene.deliver(replan(world, job), [fault.step, direct, direct]);
      if (!fault.happened) break;
      const entries = await createTableLedger(world.table).readDay(DATE);
      expect(entries.map(({ state, rows }) => [state, rows])).toEqual([
        ['read', 40],
        ['read', 5],
      ]);
      for (const hour of [10, 11]) {
        expect(idsOf(world, nameOf('ndjson', hour))).toEqual(
          idsFrom(hour === 10 ? calls(40, 10) : calls(5, 11)),
        );
      }
    }
  });
});

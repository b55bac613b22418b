import { inParallel } from '../runtime/inParallel.ts';
import { isConflict, StorageError } from '../storage/blobs.ts';
import type { Entity, EntityProperties, Table, TableOperation } from '../storage/tables.ts';
import { byDate } from './byDate.ts';
import type { Window } from './grid.ts';
import type { Claim, Ledger, LedgerEntry, RestoredWindow } from './ledger.ts';
import {
  afterFailure,
  afterRead,
  afterShrunk,
  hasEnded,
  instantOf,
  triedAgain,
  withoutClaim,
} from './ledgerChanges.ts';
import { countIn, NEVER_READ, toEntry } from './ledgerEntity.ts';

/** The day's counter of claims, before its windows in the order of keys. */
const COUNTER = '!day';
const PARALLEL_DAYS = 4;
/** Every conflict is another writer's success, so this many in a row need this many writers at once. */
const MAX_TRIES = 50;

/** The ledger in the `windows` table: partition by date, row by window id, everything changed by ETag. */
export function createTableLedger(table: Table): Ledger {
  return {
    async readDay(date) {
      const entries: LedgerEntry[] = [];
      for await (const entity of table.query(date)) {
        if (!isInternal(entity)) entries.push(toEntry(entity));
      }
      return entries;
    },

    async readAll() {
      const days = new Map<string, LedgerEntry[]>();
      for await (const entity of table.scan()) {
        if (isInternal(entity)) continue;
        const ofDay = days.get(entity.partitionKey);
        if (ofDay === undefined) days.set(entity.partitionKey, [toEntry(entity)]);
        else ofDay.push(toEntry(entity));
      }
      return days;
    },

    async markPlanned(windows, lane, plannedAtMs, { anew = false } = {}) {
      const plan = { plannedAt: instantOf(plannedAtMs), lane };
      await inParallel(byDate(windows), PARALLEL_DAYS, ([date, ofDay]) =>
        changeDay(table, date, ofDay.map(ofWindow), (properties) => ({
          ...NEVER_READ,
          ...(anew ? triedAgain(properties) : properties),
          ...plan,
        })),
      );
    },

    claim: (windows, atMs, firstClaim) => claim(table, windows, atMs, firstClaim),

    async withdraw(windows, claim) {
      const date = dateOfAll(windows);
      if (date === undefined) return;
      await changeDay(table, date, windows.map(ofWindow), (properties, { window: { id } }) =>
        claim.alone.get(id) === true ? withoutClaim(properties, claim.number) : properties,
      );
    },

    async recordReads(reads) {
      const date = dateOfAll(reads.map(({ window }) => window));
      if (date === undefined) return;
      await changeDay(table, date, reads, (properties, read) => afterRead(properties, read));
    },

    recordShrunk: (window, outcome) =>
      changeDay(table, window.date, [{ window }], (properties) =>
        afterShrunk(properties, outcome, outcome.claim.alone.get(window.id) ?? false),
      ),

    restore: (date, windows) => restore(table, date, windows),

    async recordFailure(windows, reason, final, unless = {}) {
      await inParallel(byDate(windows), PARALLEL_DAYS, ([date, ofDay]) =>
        changeDay(table, date, ofDay.map(ofWindow), (properties) =>
          hasEnded(properties, unless) ? properties : afterFailure(properties, reason, final),
        ),
      );
    },
  };
}

async function claim(
  table: Table,
  windows: readonly Window[],
  atMs: number,
  firstClaim: () => Promise<number>,
): Promise<Claim> {
  const date = dateOfAll(windows);
  if (date === undefined) throw new RangeError('a claim is for windows of one day');
  return untilNoConflict(`claiming windows of ${date}`, async () => {
    const entities = await readPartition(table, date);
    const counter = entities.get(COUNTER);
    const last =
      counter === undefined ? await largestKnown(entities, firstClaim) : countIn(counter.properties, 'claim');
    const number = last + 1;
    const alone = new Map<string, boolean>();
    const operations = [write(COUNTER, counter, { ...counter?.properties, claim: number })];
    for (const { id } of windows) {
      const entity = entities.get(id);
      alone.set(id, isAlone(entity?.properties));
      const claimed = { claim: number, claimedAt: instantOf(atMs) };
      operations.push(write(id, entity, { ...NEVER_READ, ...entity?.properties, ...claimed }));
    }
    await table.transact(date, operations);
    return { number, atMs, alone };
  });
}

/** No read of the window is unfinished, and none is that a read fenced by nothing has overtaken. */
const isAlone = (properties: EntityProperties | undefined): boolean =>
  countIn(properties, 'done') === countIn(properties, 'claim') && properties?.['unfenced'] !== true;

/** A counter that was lost must not give out numbers that a window or a blob has seen. */
async function largestKnown(
  entities: ReadonlyMap<string, Entity>,
  firstClaim: () => Promise<number>,
): Promise<number> {
  const known = [...entities.values()].map((entity) =>
    Math.max(countIn(entity.properties, 'claim'), countIn(entity.properties, 'done')),
  );
  return Math.max(0, await firstClaim(), ...known);
}

/** A window that was planned and never read loses its entry to the blob's. */
async function restore(table: Table, date: string, windows: readonly RestoredWindow[]): Promise<Window[]> {
  return untilNoConflict(`restoring windows of ${date}`, async () => {
    const entities = await readPartition(table, date);
    const unknown = windows.filter(({ window }) => {
      const properties = entities.get(window.id)?.properties;
      return countIn(properties, 'reads') === 0 && countIn(properties, 'claim') === 0;
    });
    if (unknown.length === 0) return [];
    const operations = unknown.map(({ window, claim: done, ...found }) => {
      const entity = entities.get(window.id);
      const restored = { claim: done, done, ...found, state: 'read', reads: 1, unverified: true };
      return write(window.id, entity, { ...NEVER_READ, ...entity?.properties, ...restored });
    });
    await table.transact(date, operations);
    return unknown.map(({ window }) => window);
  });
}

/** Changes windows of one day in one transaction; tried again from what is stored then if another changed one. */
async function changeDay<Of extends { window: Window }>(
  table: Table,
  date: string,
  changes: readonly Of[],
  change: (properties: EntityProperties, of: Of) => EntityProperties,
): Promise<void> {
  if (changes.length === 0) return;
  await untilNoConflict(`changing windows of ${date}`, async () => {
    const entities = await readWindows(table, date, changes);
    const operations = changes.map((of) => {
      const entity = entities.get(of.window.id);
      return write(of.window.id, entity, change(entity?.properties ?? {}, of));
    });
    await table.transact(date, operations);
  });
}

const ofWindow = (window: Window) => ({ window });

/** Undefined if there are no windows. */
function dateOfAll(windows: readonly Window[]): string | undefined {
  const [date, ...others] = byDate(windows).keys();
  if (others.length > 0) throw new RangeError('claims and reads are of windows of one day');
  return date;
}

async function untilNoConflict<T>(what: string, work: () => Promise<T>): Promise<T> {
  let conflict: unknown;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error) && !isGone(error)) throw error;
      conflict = error;
    }
  }
  throw new Error(`${what}: another writer was faster ${MAX_TRIES} times; the job is tried again later`, {
    cause: conflict,
  });
}

async function readWindows(
  table: Table,
  date: string,
  changes: readonly { window: Window }[],
): Promise<Map<string, Entity>> {
  const [only, ...others] = changes;
  if (only === undefined || others.length > 0) return readPartition(table, date);
  const { id } = only.window;
  const entity = await table.get(date, id);
  return new Map(entity === undefined ? [] : [[id, entity]]);
}

async function readPartition(table: Table, date: string): Promise<Map<string, Entity>> {
  const entities = new Map<string, Entity>();
  for await (const entity of table.query(date)) entities.set(entity.rowKey, entity);
  return entities;
}

const write = (rowKey: string, present: Entity | undefined, properties: EntityProperties): TableOperation =>
  present === undefined
    ? { kind: 'insert', rowKey, properties }
    : { kind: 'replace', rowKey, properties, ifMatch: present.etag };

/** An entity that was read is there no more; a table that is not there will not come by trying. */
const isGone = (error: unknown): boolean =>
  error instanceof StorageError && error.status === 404 && error.code !== 'TableNotFound';

const isInternal = ({ rowKey }: Entity): boolean => rowKey.startsWith('!');

import type { Entity, EntityProperties, TableOperation } from '../../storage/tables.ts';
import { type BudgetState, type BudgetUse, UNUSED } from './budgetState.ts';

export const BUDGET_PARTITION = 'graph';
export const BUDGET_ROW = 'collection';
const USE_PREFIX = 'use|';
/** Below every key of another kind. */
export const USE_RANGE = { from: USE_PREFIX, below: 'use}' };

/** What the table knows, and the ETag under which it knows it; undefined if there is nothing yet. */
export interface StoredBudget {
  state: BudgetState;
  etag: string | undefined;
}

export const readBudget = (entity: Entity | undefined): StoredBudget => {
  if (entity === undefined) return { state: UNUSED, etag: undefined };
  const { properties } = entity;
  const ms = (name: string): number => instantMs(properties[name]);
  return {
    etag: entity.etag,
    state: {
      lastSlotMs: ms('lastSlot'),
      blockedUntilMs: ms('blockedUntil'),
      lastStartMs: { live: ms('lastStartLive'), backfill: ms('lastStartBackfill') },
      bookedUntilMs: { live: ms('bookedUntilLive'), backfill: ms('bookedUntilBackfill') },
      use: {
        hourMs: ms('useHour'),
        live: countOf(properties['useLive']),
        backfill: countOf(properties['useBackfill']),
      },
    },
  };
};

/** One conditional write: the state, and beside it the count of its hour. */
export function writeBudget({ state, etag }: StoredBudget): TableOperation[] {
  const properties: EntityProperties = {
    lastSlot: instant(state.lastSlotMs),
    blockedUntil: instant(state.blockedUntilMs),
    lastStartLive: instant(state.lastStartMs.live),
    lastStartBackfill: instant(state.lastStartMs.backfill),
    bookedUntilLive: instant(state.bookedUntilMs.live),
    bookedUntilBackfill: instant(state.bookedUntilMs.backfill),
    useHour: instant(state.use.hourMs),
    useLive: state.use.live,
    useBackfill: state.use.backfill,
  };
  const { hourMs, live, backfill } = state.use;
  const use: TableOperation[] =
    hourMs === 0
      ? []
      : [{ kind: 'replace', rowKey: useRow(hourMs), properties: { hour: instant(hourMs), live, backfill } }];
  return etag === undefined
    ? [{ kind: 'insert', rowKey: BUDGET_ROW, properties }, ...use]
    : [{ kind: 'replace', rowKey: BUDGET_ROW, properties, ifMatch: etag }, ...use];
}

export const readUse = ({ properties }: Entity): BudgetUse => ({
  hourMs: instantMs(properties['hour']),
  live: countOf(properties['live']),
  backfill: countOf(properties['backfill']),
});

/** `2026-11-23T10Z`: sorts by time, as the ids of windows do. */
export const useRow = (hourMs: number): string => `${USE_PREFIX}${instant(hourMs).slice(0, 13)}Z`;

/** Rounded up, so that a slot that was read back is never earlier than it was given. */
const instant = (ms: number): string => new Date(Math.ceil(ms)).toISOString();

const instantMs = (value: unknown): number => {
  const ms = typeof value === 'string' ? Date.parse(value) : 0;
  return Number.isNaN(ms) ? 0 : ms;
};

const countOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

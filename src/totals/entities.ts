import type { Entity, EntityProperties, EntityValue } from '../storage/tables.ts';
import { columnText } from './columnText.ts';
import { BREAKDOWN_DIMENSIONS, type BreakdownTotals } from './breakdown.ts';
import type { UserTotals } from './fold.ts';
import type { Measures } from './measures.ts';
import { formatMicros } from './money.ts';
import { breakdownKey, NO_CURRENCY, NO_USER, totalsKey } from './tableKey.ts';

/** One row of `dailyTotals` as it is read: texts as the columns hold them. */
export interface StoredTotals extends UserTotals {
  rowKey: string;
  /** When these values were first written. */
  updatedAt: string;
}

/** One breakdown of `dailyTotals` as it is read: texts as the columns hold them. */
export interface StoredBreakdown extends BreakdownTotals {
  rowKey: string;
  /** When these values were first written. */
  updatedAt: string;
}

/** The entities that a day's totals are, by row key. */
export const toEntities = (totals: readonly UserTotals[], updatedAt: string): Map<string, EntityProperties> =>
  new Map(totals.map((one) => [totalsKey(one.userId, one.currency), toProperties(one, updatedAt)]));

function toProperties(totals: UserTotals, updatedAt: string): EntityProperties {
  return {
    userId: optional(totals.userId),
    userPrincipalName: optional(totals.userPrincipalName),
    userDisplayName: optional(totals.userDisplayName),
    currency: optional(totals.currency),
    ...measuresToColumns(totals),
    firstCallAt: columnText(totals.firstCallAt),
    lastCallAt: columnText(totals.lastCallAt),
    updatedAt,
  };
}

/** The entities that a day's breakdowns are, by row key. */
export const toBreakdownEntities = (
  breakdowns: readonly BreakdownTotals[],
  updatedAt: string,
): Map<string, EntityProperties> =>
  new Map(
    breakdowns.map((one) => [
      breakdownKey(one.dimension, one.value, one.currency),
      {
        dimension: one.dimension,
        value: optional(one.value),
        currency: optional(one.currency),
        ...measuresToColumns(one),
        updatedAt,
      },
    ]),
  );

const measuresToColumns = (measures: Measures): EntityProperties => ({
  calls: measures.calls,
  callsIn: measures.callsIn,
  callsOut: measures.callsOut,
  durationSeconds: BigInt(measures.durationSeconds),
  charge: formatMicros(measures.chargeMicros),
  connectionCharge: formatMicros(measures.connectionChargeMicros),
  chargeMicros: measures.chargeMicros,
  connectionChargeMicros: measures.connectionChargeMicros,
  callsUnpriced: measures.callsUnpriced,
});

const optional = (text: string | null): string | undefined => (text === null ? undefined : columnText(text));

/** @throws Error naming the day and the column that is not as this app writes it. */
export function fromEntity(entity: Entity): StoredTotals {
  const { rowKey } = entity;
  const columns = columnsOf(entity);
  return {
    rowKey,
    userId: rowKey.startsWith(`${NO_USER}|`) ? null : columns.text('userId'),
    currency: rowKey.endsWith(`|${NO_CURRENCY}`) ? null : columns.text('currency'),
    userPrincipalName: columns.textOrNull('userPrincipalName'),
    userDisplayName: columns.textOrNull('userDisplayName'),
    ...columns.measures(),
    firstCallAt: columns.text('firstCallAt'),
    lastCallAt: columns.text('lastCallAt'),
    updatedAt: columns.text('updatedAt'),
  };
}

/** @throws Error naming the day and the column that is not as this app writes it. */
export function fromBreakdownEntity(entity: Entity): StoredBreakdown {
  const { rowKey, properties } = entity;
  const columns = columnsOf(entity);
  const dimension = BREAKDOWN_DIMENSIONS.find((one) => one === properties['dimension']);
  if (dimension === undefined) throw columns.fault('dimension');
  return {
    rowKey,
    dimension,
    value: columns.textOrNull('value'),
    currency: columns.textOrNull('currency'),
    ...columns.measures(),
    updatedAt: columns.text('updatedAt'),
  };
}

function columnsOf({ partitionKey, properties }: Entity) {
  // The key names a user: only the day and the column are told.
  const fault = (name: string): Error =>
    new Error(
      `totals of ${partitionKey}: column "${name}" of a row is missing or of a wrong type. Delete the row "!day" ` +
        '(of a month: "!month") of this partition: then it is folded again',
    );
  const column = <T extends EntityValue>(name: string, is: (value: unknown) => value is T): T => {
    const value = properties[name];
    if (is(value)) return value;
    throw fault(name);
  };
  return {
    fault,
    text: (name: string): string => column(name, isText),
    textOrNull: (name: string): string | null =>
      properties[name] === undefined ? null : column(name, isText),
    measures: (): Measures => ({
      calls: column('calls', isNumber),
      callsIn: column('callsIn', isNumber),
      callsOut: column('callsOut', isNumber),
      durationSeconds: Number(column('durationSeconds', isBigInt)),
      chargeMicros: column('chargeMicros', isBigInt),
      connectionChargeMicros: column('connectionChargeMicros', isBigInt),
      callsUnpriced: column('callsUnpriced', isNumber),
    }),
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isBigInt = (value: unknown): value is bigint => typeof value === 'bigint';

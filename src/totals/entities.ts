import type { Entity, EntityProperties, EntityValue } from '../storage/tables.ts';
import { columnText } from './columnText.ts';
import type { UserTotals } from './fold.ts';
import { formatMicros } from './money.ts';
import { NO_CURRENCY, NO_USER, totalsKey } from './tableKey.ts';

/** One row of `dailyTotals` as it is read: texts as the columns hold them. */
export interface StoredTotals extends UserTotals {
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
    calls: totals.calls,
    callsIn: totals.callsIn,
    callsOut: totals.callsOut,
    durationSeconds: BigInt(totals.durationSeconds),
    charge: formatMicros(totals.chargeMicros),
    connectionCharge: formatMicros(totals.connectionChargeMicros),
    chargeMicros: totals.chargeMicros,
    connectionChargeMicros: totals.connectionChargeMicros,
    callsUnpriced: totals.callsUnpriced,
    firstCallAt: columnText(totals.firstCallAt),
    lastCallAt: columnText(totals.lastCallAt),
    updatedAt,
  };
}

const optional = (text: string | null): string | undefined => (text === null ? undefined : columnText(text));

/** @throws Error naming the row and the column that is not as this app writes it. */
export function fromEntity(entity: Entity): StoredTotals {
  const { rowKey, partitionKey, properties } = entity;
  const column = <T extends EntityValue>(name: string, is: (value: unknown) => value is T): T => {
    const value = properties[name];
    if (is(value)) return value;
    // The key names a user: only the day and the column are told.
    throw new Error(
      `totals of ${partitionKey}: column "${name}" of a row is missing or of a wrong type. Delete the row "!day" of ` +
        'this day and let the day be folded again',
    );
  };
  return {
    rowKey,
    userId: rowKey.startsWith(`${NO_USER}|`) ? null : column('userId', isText),
    currency: rowKey.endsWith(`|${NO_CURRENCY}`) ? null : column('currency', isText),
    userPrincipalName:
      properties['userPrincipalName'] === undefined ? null : column('userPrincipalName', isText),
    userDisplayName: properties['userDisplayName'] === undefined ? null : column('userDisplayName', isText),
    calls: column('calls', isNumber),
    callsIn: column('callsIn', isNumber),
    callsOut: column('callsOut', isNumber),
    durationSeconds: Number(column('durationSeconds', isBigInt)),
    chargeMicros: column('chargeMicros', isBigInt),
    connectionChargeMicros: column('connectionChargeMicros', isBigInt),
    callsUnpriced: column('callsUnpriced', isNumber),
    firstCallAt: column('firstCallAt', isText),
    lastCallAt: column('lastCallAt', isText),
    updatedAt: column('updatedAt', isText),
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isBigInt = (value: unknown): value is bigint => typeof value === 'bigint';

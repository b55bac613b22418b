import { createHash } from 'node:crypto';
import { asColumn, decimal } from '../../support/expectedDay.ts';
import type { EntityValue } from '../../../src/storage/tables.ts';
import type { Fold, Sums } from './fold.ts';

export type Columns = Readonly<Record<string, EntityValue | undefined>>;

/** What has to stand in a partition of totals, by row key; without `updatedAt`, which nobody can know. */
export interface ExpectedEntities {
  totals: Map<string, Columns>;
  breakdowns: Map<string, Columns>;
}

export function expectedEntities({ users, values }: Fold): ExpectedEntities {
  return {
    totals: new Map(
      users.map((user) => [
        `${keyPart(user.userId, '-')}|${keyPart(user.currency, '---')}`,
        {
          userId: column(user.userId),
          userPrincipalName: column(user.userPrincipalName),
          userDisplayName: column(user.userDisplayName),
          currency: column(user.currency),
          ...columnsOf(user),
          firstCallAt: user.firstCallAt,
          lastCallAt: user.lastCallAt,
        },
      ]),
    ),
    breakdowns: new Map(
      values.map((one) => [
        `!by|${one.dimension}|${keyPart(one.value, '-')}|${keyPart(one.currency, '---')}`,
        {
          dimension: one.dimension,
          value: column(one.value),
          currency: column(one.currency),
          ...columnsOf(one),
        },
      ]),
    ),
  };
}

const columnsOf = (sums: Sums): Columns => ({
  calls: sums.calls,
  callsIn: sums.callsIn,
  callsOut: sums.callsOut,
  durationSeconds: BigInt(sums.seconds),
  charge: decimal(sums.chargeMicros),
  connectionCharge: decimal(sums.connectionMicros),
  chargeMicros: sums.chargeMicros,
  connectionChargeMicros: sums.connectionMicros,
  callsUnpriced: sums.callsUnpriced,
});

const column = (text: string | null): string | undefined => asColumn(text ?? undefined);

const MAX_LENGTH = 200;
const CUT_LENGTH = MAX_LENGTH - 65;

/** Part of a row key for a value; null is `none`. */
export function keyPart(value: string | null, none: string): string {
  if (value === null) return none;
  if (value === '-' || value === '---') return value.replaceAll('-', '%2D');
  const encoded = value
    .replace(/[/\\#?%|\u2028\u2029]|\p{Cc}/gu, (one) =>
      [...Buffer.from(one)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    )
    .replace(/^!/, '%21');
  if (encoded.length <= MAX_LENGTH && !/~[0-9a-f]{64}$/.test(encoded)) return encoded;
  const whole = encoded.slice(0, CUT_LENGTH).replace(/%[0-9A-F]?$/, '');
  return `${whole}~${createHash('sha256').update(value).digest('hex')}`;
}

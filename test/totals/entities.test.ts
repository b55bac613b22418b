import { describe, expect, it } from 'vitest';
import { fromEntity, toEntities } from '../../src/totals/entities.ts';
import type { UserTotals } from '../../src/totals/fold.ts';
import { memoryTable } from '../support/memoryTables.ts';

const totals = (change: Partial<UserTotals> = {}): UserTotals => ({
  userId: 'user-a',
  currency: 'USD',
  userPrincipalName: 'a@example.test',
  userDisplayName: 'A',
  calls: 3,
  callsIn: 1,
  callsOut: 2,
  durationSeconds: 5_000_000_000,
  chargeMicros: 1_500_000n,
  connectionChargeMicros: -1n,
  callsUnpriced: 1,
  firstCallAt: '2026-11-23T00:00:00.0000001Z',
  lastCallAt: '2026-11-23T23:59:59.9999999Z',
  ...change,
});

const nobody = totals({ userId: null, currency: null, userPrincipalName: null, userDisplayName: null });

async function stored(...all: UserTotals[]) {
  const table = memoryTable('dailyTotals');
  const operations = [...toEntities(all, '2026-11-24T00:00:00.000Z')].map(([rowKey, properties]) => ({
    kind: 'insert' as const,
    rowKey,
    properties,
  }));
  await table.transact('2026-11-23', operations);
  return table.all();
}

describe('a total as an entity', () => {
  it('has exact money as Int64 and as text, seconds as Int64, counts as Int32', async () => {
    const [entity] = await stored(totals());
    expect(entity).toMatchObject({
      partitionKey: '2026-11-23',
      rowKey: 'user-a|USD',
      properties: {
        userId: 'user-a',
        currency: 'USD',
        calls: 3,
        durationSeconds: 5_000_000_000n,
        charge: '1.500000',
        chargeMicros: 1_500_000n,
        connectionCharge: '-0.000001',
        connectionChargeMicros: -1n,
        updatedAt: '2026-11-24T00:00:00.000Z',
      },
    });
  });

  it('has no columns for what the calls do not have', async () => {
    const [entity] = await stored(nobody);
    expect(entity?.rowKey).toBe('-|---');
    for (const name of ['userId', 'currency', 'userPrincipalName', 'userDisplayName']) {
      expect(entity?.properties).not.toHaveProperty(name);
    }
  });

  it('is read back as it was', async () => {
    const dash = totals({ userId: '-', currency: '---' });
    const all = await stored(totals(), nobody, dash);
    const expected = [totals(), nobody, dash].map((one) => expect.objectContaining(one) as unknown);
    expect(all.map(fromEntity)).toEqual(expect.arrayContaining(expected));
  });

  it('that lacks a column is an error which names day and column, not the user', async () => {
    const [entity] = await stored(totals());
    if (entity === undefined) throw new Error('nothing stored');
    delete entity.properties['chargeMicros'];
    expect(() => fromEntity(entity)).toThrow(/2026-11-23.*"chargeMicros"/);
    expect(() => fromEntity(entity)).not.toThrow(/user-a/);
  });
});

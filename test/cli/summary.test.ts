import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summarize, type SummedTotals } from '../../src/cli/summary.ts';

const totals = (over: Partial<SummedTotals>): SummedTotals => ({
  userId: 'u1',
  userPrincipalName: null,
  userDisplayName: 'Ada',
  currency: 'EUR',
  calls: 1,
  durationSeconds: 60,
  chargeMicros: 1_000_000n,
  connectionChargeMicros: 0n,
  ...over,
});

describe('the summary of a run', () => {
  it('is empty without calls', () => {
    expect(summarize([], 5)).toEqual({ calls: 0, durationSeconds: 0, money: [], topUsers: [] });
  });

  it('never adds across currencies, and keeps charge and connection charge apart', () => {
    const { calls, durationSeconds, money } = summarize(
      [
        totals({ chargeMicros: 100_000n }),
        totals({ userId: 'u2', chargeMicros: 200_000n, connectionChargeMicros: 1n }),
        totals({ currency: 'USD', chargeMicros: 5_000_000n }),
        totals({ currency: null, chargeMicros: 0n }),
      ],
      5,
    );
    expect(calls).toBe(4);
    expect(durationSeconds).toBe(240);
    expect(money).toEqual([
      { currency: 'EUR', calls: 2, durationSeconds: 120, charge: '0.300000', connectionCharge: '0.000001' },
      { currency: 'USD', calls: 1, durationSeconds: 60, charge: '5.000000', connectionCharge: '0.000000' },
      { currency: '---', calls: 1, durationSeconds: 60, charge: '0.000000', connectionCharge: '0.000000' },
    ]);
  });

  it('names the users who cost most in the main currency, days added up, nobody included', () => {
    const { topUsers } = summarize(
      [
        totals({ chargeMicros: 1_000_000n }),
        totals({ chargeMicros: 2_000_000n, connectionChargeMicros: 500_000n }),
        totals({ userId: null, userDisplayName: null, chargeMicros: 9_000_000n }),
        totals({ userId: 'u3', userDisplayName: null, userPrincipalName: 'c@contoso.com', chargeMicros: 1n }),
        totals({ userId: 'u4', currency: 'USD', chargeMicros: 99_000_000n }),
      ],
      2,
    );
    expect(topUsers).toEqual([
      { user: 'without a user', currency: 'EUR', calls: 1, durationSeconds: 60, cost: '9.000000' },
      { user: 'Ada', currency: 'EUR', calls: 2, durationSeconds: 120, cost: '3.500000' },
    ]);
  });

  it('does not depend on the order of days', () => {
    const one = fc.record({
      userId: fc.constantFrom('a', 'b', null),
      currency: fc.constantFrom('EUR', 'USD', null),
      calls: fc.nat(9),
      chargeMicros: fc.bigInt(-1_000_000_000n, 1_000_000_000_000n),
    });
    fc.assert(
      fc.property(fc.array(one), (all) => {
        const days = all.map((over) => totals({ ...over, userDisplayName: over.userId }));
        const sums = (list: SummedTotals[]): unknown =>
          [...summarize(list, 0).money].sort((a, b) => (a.currency < b.currency ? -1 : 1));
        expect(sums(days.toReversed())).toEqual(sums(days));
      }),
    );
  });
});

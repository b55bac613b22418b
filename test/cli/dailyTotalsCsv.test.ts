import { describe, expect, it } from 'vitest';
import { dailyTotalsCsv } from '../../src/cli/dailyTotalsCsv.ts';
import type { UserTotals } from '../../src/totals/fold.ts';

const totals = (over: Partial<UserTotals>): UserTotals => ({
  userId: 'u1',
  currency: 'EUR',
  userPrincipalName: 'ada@contoso.com',
  userDisplayName: 'Ada',
  calls: 2,
  callsIn: 1,
  callsOut: 1,
  durationSeconds: 61,
  chargeMicros: 1_234_567n,
  connectionChargeMicros: 0n,
  callsUnpriced: 0,
  firstCallAt: '2026-11-20T08:00:00.0000001Z',
  lastCallAt: '2026-11-20T09:00:00Z',
  ...over,
});

const lines = (...all: UserTotals[]): string[] =>
  dailyTotalsCsv([{ date: '2026-11-20', state: 'provisional', totals: all }]).split('\r\n');

describe('daily-totals.csv', () => {
  it('has a header and one line a user and currency, money exact', () => {
    expect(lines(totals({}))).toEqual([
      'date,state,userId,userPrincipalName,userDisplayName,currency,calls,callsIn,callsOut,durationSeconds,charge,' +
        'connectionCharge,callsUnpriced,firstCallAt,lastCallAt',
      '2026-11-20,provisional,u1,ada@contoso.com,Ada,EUR,2,1,1,61,1.234567,0.000000,0,' +
        '2026-11-20T08:00:00.0000001Z,2026-11-20T09:00:00Z',
      '',
    ]);
  });

  it('leaves the cells of nobody and of no currency empty', () => {
    const [, line] = lines(
      totals({ userId: null, currency: null, userPrincipalName: null, userDisplayName: null }),
    );
    expect(line).toMatch(/^2026-11-20,provisional,,,,,2,/);
  });

  it('quotes what RFC 4180 wants quoted', () => {
    const [, line] = lines(totals({ userDisplayName: 'Lovelace, "Ada"' }));
    expect(line).toContain(',"Lovelace, ""Ada""",');
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1'])('lets no spreadsheet run a name such as %j', (name) => {
    const [, line] = lines(totals({ userDisplayName: name }));
    expect(line).toContain(`'${name}`);
  });

  it('leaves a credit a number', () => {
    const [, line] = lines(totals({ chargeMicros: -1_500_000n }));
    expect(line).toContain(',-1.500000,');
  });
});

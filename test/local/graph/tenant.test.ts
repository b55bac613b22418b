import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ColumnName } from '../../../src/graph/columns.ts';
import { compareInstants } from '../../../src/graph/instant.ts';
import { EXAMPLE_ROW } from '../../../src/local/graph/exampleRow.ts';
import { createTenant } from '../../../src/local/graph/tenant.ts';
import { LATER, instant, literalOf, rowsOf, rowsOfDay, textOf } from './support.ts';

// Monday to Sunday.
const WEEK = [9, 10, 11, 12, 13, 14, 15].map((day) => `2026-11-${String(day).padStart(2, '0')}`);
const tenant = createTenant({ seed: 11 });
const week = rowsOf(tenant, '2026-11-09T00:00:00Z', '2026-11-15T23:59:59.9999999Z');
const kindsOf = (column: ColumnName): unknown[] => [...new Set(week.map((row) => row[column]))];

describe('the same seed gives the same rows', () => {
  it('in another tenant object, whatever was asked before', () => {
    const other = createTenant({ seed: 11 });
    const backwards = [...WEEK].reverse().map((date) => rowsOfDay(other, date));
    expect(backwards.reverse().flat()).toEqual(week);
  });

  it('and another seed others', () => {
    const other = rowsOfDay(createTenant({ seed: 12 }), '2026-11-10');
    const ids = new Set(week.map((row) => row.id));
    expect(other.length).toBeGreaterThan(1_000);
    expect(other.filter((row) => ids.has(textOf(row.id)))).toEqual([]);
  });

  it('for ever: these rows may only change together with a note in the change log', () => {
    const [row] = rowsOfDay(createTenant({ seed: 1, users: 5, callsAWeek: 300 }), '2026-11-10');
    expect(row).toMatchInlineSnapshot(`
      {
        "administrativeUnitInfos": [],
        "callDurationSource": "microsoft",
        "callId": "a9a701e2f326550bdd00b056a3f1c017",
        "callType": "user_in",
        "calleeNumber": "+13531420471",
        "callerNumber": "+494596105875",
        "charge": {
          "literal": "0.00",
        },
        "clientLocalIpV4Address": "192.168.23.146",
        "clientLocalIpV6Address": "2001:db8:ffff:98da::655c",
        "clientPublicIpV4Address": "198.51.100.110",
        "clientPublicIpV6Address": "2001:db8:e6d4::7cc6",
        "conferenceId": null,
        "connectionCharge": {
          "literal": "0.00",
        },
        "currency": "USD",
        "destinationContext": null,
        "destinationName": "United States",
        "duration": 628,
        "endDateTime": "2026-11-10T01:02:14.3420065Z",
        "id": "629afbd6-6c78-4f2b-aa26-a91b60699cb6",
        "inventoryType": "Subscriber",
        "licenseCapability": "MCOPSTN1",
        "operator": "Microsoft",
        "otherPartyCountryCode": "DE",
        "startDateTime": "2026-11-10T00:51:46.3420065Z",
        "tenantCountryCode": "US",
        "usageCountryCode": "US",
        "userDisplayName": "Alex Roth",
        "userId": "ab0149b7-4dfa-4ea7-b87e-7dcbe402833b",
        "userPrincipalName": "alex.roth@contoso.com",
      }
    `);
  });
});

describe('an ordinary week', () => {
  it('has about 30,000 calls of 400 users', () => {
    expect(tenant.directory.users.length).toBe(400);
    expect(week.length).toBeGreaterThan(29_000);
    expect(week.length).toBeLessThan(31_000);
  });

  it('is busy on workdays and quiet on the weekend', () => {
    const [monday = 0, , , , , saturday = 0, sunday = 0] = WEEK.map((date) => rowsOfDay(tenant, date).length);
    expect(monday).toBeGreaterThan(5_000);
    expect(saturday).toBeGreaterThan(0);
    expect(saturday).toBeLessThan(monday / 5);
    expect(sunday).toBeLessThan(monday / 5);
  });

  it('follows the working hours of each country', () => {
    const share = (country: string, fromHour: number, toHour: number): number => {
      const rows = week.filter((row) => row.usageCountryCode === country);
      const hours = rows.map((row) => Number(textOf(row.startDateTime).slice(11, 13)));
      return hours.filter((hour) => hour >= fromHour && hour < toHour).length / rows.length;
    };
    expect(share('DE', 7, 17)).toBeGreaterThan(0.75);
    expect(share('US', 14, 24)).toBeGreaterThan(0.75);
    expect(share('JP', 0, 9)).toBeGreaterThan(0.75);
  });

  it('has call types, licences, countries and currencies of many kinds', () => {
    expect(kindsOf('callType').sort()).toEqual(
      ['conf_in', 'conf_out', 'ucap_in', 'ucap_out', 'unassigned_in', 'user_in', 'user_out'].concat([
        'user_out_conf',
        'user_out_forwarding',
        'user_out_transfer',
      ]),
    );
    expect(kindsOf('licenseCapability')).toEqual(
      expect.arrayContaining(['MCOPSTN1', 'MCOPSTN2', 'MCOPSTNPP', 'MCOMEETADD', 'MCOEV_VIRTUALUSER']),
    );
    expect(kindsOf('usageCountryCode').sort()).toEqual(['CH', 'DE', 'FR', 'GB', 'JP', 'US']);
    expect(kindsOf('currency').sort()).toEqual(['CHF', 'EUR', 'GBP', 'JPY', 'USD', null]);
  });

  it('has an id of its own for every row', () => {
    expect(new Set(week.map((row) => row.id)).size).toBe(week.length);
  });

  it('writes instants with seven digits and Z, and the end a duration after the start', () => {
    const wrong = week.filter((row) => {
      if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{7}Z$/.test(textOf(row.startDateTime))) return true;
      const [start, end] = [instant(textOf(row.startDateTime)), instant(textOf(row.endDateTime))];
      const startMs = start.epochMs + Number(row.duration) * 1_000;
      return compareInstants({ ...start, epochMs: startMs }, end) !== 0;
    });
    expect(wrong).toEqual([]);
  });

  it('charges nothing for included minutes and zero-second calls, and others up to six decimals', () => {
    const charges = week.map((row) => literalOf(row.charge)).filter((literal) => literal !== null);
    expect(charges.every((literal) => /^\d+\.\d{2,6}$/.test(literal))).toBe(true);
    expect(charges.filter((literal) => literal === '0.00').length).toBeGreaterThan(week.length / 2);
    expect(charges.some((literal) => /\.\d{6}$/.test(literal))).toBe(true);
    expect(week.some((row) => Number(literalOf(row.connectionCharge)) > 0)).toBe(true);
    const zeroSeconds = week.filter((row) => row.duration === 0);
    expect(zeroSeconds.length).toBeGreaterThan(1_000);
    expect(new Set(zeroSeconds.map((row) => literalOf(row.connectionCharge)))).toEqual(new Set(['0.00']));
  });

  it('masks the other number in Germany by three, in France and Switzerland by four', () => {
    const masks: Record<string, string> = { DE: '***', FR: '****', CH: '****' };
    const wrong = week.filter((row) => {
      const external = textOf(row.destinationContext === null ? row.callerNumber : row.calleeNumber);
      return /\**$/.exec(external)?.[0] !== (masks[textOf(row.usageCountryCode)] ?? '');
    });
    expect(wrong).toEqual([]);
  });

  it('names a resource account, or null or empty text, for calls of voice apps', () => {
    const accounts = new Set<unknown>(tenant.directory.resourceAccounts.map((account) => account.id));
    const named = week.filter((row) => textOf(row.callType).startsWith('ucap_')).map((row) => row.userId);
    expect(named.every((id) => id === null || id === '' || accounts.has(id))).toBe(true);
    expect(named).toEqual(expect.arrayContaining([null, '']));
    expect(named.some((id) => accounts.has(id))).toBe(true);
  });

  it('has calls that go on over midnight', () => {
    const over = week.filter(
      (row) => textOf(row.endDateTime).slice(0, 10) > textOf(row.startDateTime).slice(0, 10),
    );
    expect(over.length).toBeGreaterThan(10);
  });
});

describe('what is planted in every week', () => {
  it('a burst in one night to a country that nobody called in the twelve weeks before', () => {
    const small = createTenant({ seed: 11, users: 60 });
    const before = rowsOf(small, '2026-08-17T00:00:00Z', '2026-11-08T23:59:59.9999999Z');
    const known = new Set(before.map((row) => row.destinationName));
    const smallWeek = rowsOf(small, '2026-11-09T00:00:00Z', '2026-11-15T23:59:59.9999999Z');
    const burst = smallWeek.filter((row) => !known.has(textOf(row.destinationName)));
    expect(burst.length).toBe(9);
    expect(new Set(burst.map((row) => textOf(row.startDateTime).slice(0, 10))).size).toBe(1);
    expect(new Set(burst.map((row) => row.destinationName)).size).toBe(1);
    expect(new Set(burst.map((row) => row.userId)).size).toBe(1);
  });

  it('a day that costs many times as much as the others, in the currency of one user', () => {
    const satellite = week.filter((row) => row.destinationName === 'Satellite services');
    expect(satellite.length).toBe(25);
    const costs = WEEK.map((date) =>
      rowsOfDay(tenant, date)
        .filter((row) => row.currency === satellite[0]?.currency)
        .reduce((sum, row) => sum + Number(literalOf(row.charge)), 0),
    );
    const expensive = WEEK.indexOf(textOf(satellite[0]?.startDateTime).slice(0, 10));
    const others = costs.filter((_, day) => day !== expensive);
    expect(costs[expensive]).toBeGreaterThan(5 * Math.max(...others));
  });

  it('nothing in a tenant of a few calls', () => {
    const quiet = createTenant({ seed: 11, users: 20, callsAWeek: 140 });
    const rows = rowsOf(quiet, '2026-11-09T00:00:00Z', '2026-11-15T23:59:59.9999999Z');
    expect(rows.length).toBeGreaterThan(90);
    expect(rows.length).toBeLessThan(190);
    expect(rows.filter((row) => row.destinationName === 'Satellite services')).toEqual([]);
  });
});

describe('a query', () => {
  it('includes both bounds', () => {
    const start = textOf(week[100]?.startDateTime);
    expect(rowsOf(tenant, start, start).map((row) => row.id)).toEqual([week[100]?.id]);
  });

  it('leaves out what starts a tick before or after', () => {
    const [start, end] = [textOf(week[100]?.startDateTime), textOf(week[103]?.startDateTime)];
    const after = (text: string, ticks: number) => {
      const { epochMs, ticks: before } = instant(text);
      return {
        epochMs: epochMs + Math.floor((before + ticks) / 10_000),
        ticks: (before + ticks + 10_000) % 10_000,
      };
    };
    const found = tenant.rows({ from: after(start, 1), to: after(end, -1), nowMs: LATER, skip: 0, limit: 9 });
    expect(found.map((row) => row.id)).toEqual([week[101]?.id, week[102]?.id]);
  });

  it('cut by skip and limit gives each row once, in order', () => {
    const small = createTenant({ seed: 4, users: 30, callsAWeek: 400 });
    const [from, to] = ['2026-11-08T07:30:00Z', '2026-11-12T09:15:00Z'];
    const all = rowsOf(small, from, to);
    expect(all.length).toBeGreaterThan(100);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: all.length + 5 }), (limit) => {
        const query = { from: instant(from), to: instant(to), nowMs: LATER, limit };
        const pages = [];
        for (let skip = 0; skip < all.length; skip += limit) pages.push(...small.rows({ ...query, skip }));
        expect(pages).toEqual(all);
      }),
      { numRuns: 30 },
    );
  });

  it('cut while days are still filling sees each moment as it is, whatever was asked before', () => {
    const small = createTenant({ seed: 4, users: 30, callsAWeek: 400 });
    const [from, to] = ['2026-11-09T00:00:00Z', '2026-11-13T00:00:00Z'];
    for (let hour = 0; hour <= 200; hour += 5) {
      const nowMs = Date.parse(from) + hour * 3_600_000;
      const all = rowsOf(small, from, to, nowMs);
      const skip = Math.floor(all.length * 0.8);
      const query = { from: instant(from), to: instant(to), nowMs, skip, limit: 1_000 };
      expect(small.rows(query)).toEqual(all.slice(skip));
    }
  });

  it('of shuffled rows has the same rows in another order', () => {
    const options = { seed: 4, users: 30, callsAWeek: 400 };
    const ordered = rowsOfDay(createTenant(options), '2026-11-10').map((row) => textOf(row.id));
    const shuffled = rowsOfDay(createTenant({ ...options, shuffled: true }), '2026-11-10').map((row) =>
      textOf(row.id),
    );
    expect(shuffled).not.toEqual(ordered);
    expect([...shuffled].sort()).toEqual([...ordered].sort());
  });

  it("finds the API page's example row at its time, in every tenant", () => {
    const found = rowsOf(
      createTenant({ seed: 99, users: 1, callsAWeek: 1 }),
      '2019-11-01T00:00:00Z',
      '2019-11-01T00:01:00Z',
    );
    expect(found).toContainEqual(EXAMPLE_ROW);
  });

  it('of a tenant without users is empty', () => {
    expect(rowsOfDay(createTenant({ users: 0 }), '2026-11-10')).toEqual([]);
  });
});

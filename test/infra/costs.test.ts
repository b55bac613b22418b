import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { PRICES as ESTIMATE_PRICES } from '../../src/cli/estimate/prices.ts';
import { firstDay, fixedCosts, MONTHS, PRICES, sum, workCosts } from './support/costs.ts';
import { BEGIN, END, withCosts } from './support/costTables.ts';

const PAGE = fileURLToPath(new URL('../../docs/deploy.md', import.meta.url));

it('docs/deploy.md has the costs that follow from what was counted and from docs/prices.json (to write it anew: vitest run test/infra/costs.test.ts -u)', async () => {
  const page = await readFile(PAGE, 'utf8');
  const options = await resolveConfig(PAGE);
  const expected = await format(withCosts(page), { ...options, filepath: PAGE });
  await expect(expected).toMatchFileSnapshot(PAGE);
});

describe('costs', () => {
  it('are of 1,000, 100,000 and 1,000,000 calls a month', () => {
    expect(MONTHS.map(({ callsAMonth }) => callsAMonth)).toEqual([1_000, 100_000, 1_000_000]);
  });

  it('go by the same prices as the estimate of a backfill', () => {
    const { storage, serviceBus } = PRICES;
    expect({
      ...{ asOf: PRICES.asOf, region: PRICES.region, currency: PRICES.currency },
      blobWritesPer10000: storage.blobWritesPer10000,
      blobListsPer10000: storage.blobListsPer10000,
      blobReadsPer10000: storage.blobReadsPer10000,
      tableOperationsPer10000: storage.tableOperationsPer10000,
      queueOperationsPer1000000: serviceBus.basicMillionOperations,
      storedGigabyteMonth: storage.gigabyteMonth,
    }).toEqual(ESTIMATE_PRICES);
  });

  it('are mostly fixed, and those of a private network many times the default', () => {
    const [publicly, privately] = [fixedCosts('default'), fixedCosts('private-network')].map((one) =>
      sum(Object.values(one)),
    );
    expect(publicly).toBeLessThan(50);
    expect(privately).toBeGreaterThan(10 * (publicly ?? 0));
  });

  it('count every private endpoint and zone of the snapshot', () => {
    expect(fixedCosts('private-network')['private endpoints']).toBeCloseTo(
      6 * PRICES.network.privateEndpointMonth,
    );
    expect(fixedCosts('default')['private endpoints']).toBeUndefined();
  });

  it('grow with calls, far more slowly than calls do', () => {
    const totals = MONTHS.map((month) => sum(Object.values(workCosts(month))));
    expect([...totals].sort((a, b) => a - b)).toEqual(totals);
    expect(totals.at(-1)).toBeLessThan(20 * (totals[0] ?? 0));
  });

  it('of the first day are minutes, not days', () => {
    const { requests, minutes, rawBytes } = firstDay(5_000_000);
    expect(requests).toEqual([5_000, 5_500]);
    // 1.251 s apart.
    expect(minutes[0]).toBeCloseTo(104.25, 1);
    expect(rawBytes).toBe(4_650_000_000);
  });

  it('cannot be written into a page without their place', () => {
    expect(() => withCosts('# A page')).toThrow('costs:begin');
    expect(withCosts(`${BEGIN}\nstale\n${END}\nrest`)).not.toContain('stale');
  });
});

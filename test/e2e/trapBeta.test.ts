import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestPipeline, type TestPipeline } from '../support/testPipeline.ts';

vi.setConfig({ testTimeout: 90_000 });

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline({ apiVersion: 'beta' });
});
afterAll(() => pipeline.stop());

const BETA_COLUMNS = ['otherPartyCountryCode', 'clientPublicIpV6Address', 'administrativeUnitInfos'];

describe('with GRAPH_API_VERSION=beta', () => {
  it('the columns that only beta has are landed as well, or rejected where they do not fit', async () => {
    const traps = { nullProperties: true, unknownProperties: true, wrongTypes: true };
    const { date, rows } = await pipeline.simulate({ traps });
    await pipeline.expectExact(date, rows);
    for (const path of pipeline.router.requested(date)) expect(path).toMatch(/^\/beta\/communications\//);
    const { raw, rejected } = await pipeline.stored.day(date);
    const landed = Object.values(raw)
      .flat()
      .map((line) => JSON.parse(line) as unknown[]);
    // From the 24th on they are of beta; the 30th collects what is unknown.
    for (const column of [23, 25, 28]) {
      expect(landed.filter((row) => row[column] !== null).length).toBeGreaterThan(10);
    }
    expect(Object.values(rejected).flat().join()).toContain('[administrativeUnitInfos]');
    expect(BETA_COLUMNS.every((name) => rows.some((text) => text.includes(`"${name}":`)))).toBe(true);
  });
});

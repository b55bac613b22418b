import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataTraps } from '../../src/local/graph/traps/traps.ts';
import { expectedDay } from '../support/expectedDay.ts';
import { startTestPipeline, type TestPipeline } from '../support/testPipeline.ts';

let pipeline: TestPipeline;

beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.stop());

describe('rows as Graph may send them end exact in raw, rejected and totals:', () => {
  it.concurrent('ordinary ones', async () => {
    const { date, rows } = await pipeline.simulate();
    await pipeline.expectExact(date, rows);
  });
  const traps: (keyof DataTraps)[] = ['boundaryRows','nullProperties','idNull','startNull','startOutside','unknownProperties','moneyEdge','offsetInstants','wrongTypes','awkwardText'];
  it.concurrent.each(traps)('%s', async (trap) => {
    const { date, rows } = await pipeline.simulate({ traps: { [trap]: true } });
    await pipeline.expectExact(date, rows);
    expect(expectedDay(date, rows)).toBeDefined();
  });
});

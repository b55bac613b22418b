import { describe, expect, it } from 'vitest';

import { COLUMNS } from '../../../src/graph/columns.ts';
import { EXAMPLE_ROW } from '../../../src/local/graph/exampleRow.ts';
import { moneyLiteral, rowJson } from '../../../src/local/graph/wire.ts';

describe('moneyLiteral', () => {
  it.each([
    [0, '0.00'],
    [1, '0.000001'],
    [13_500, '0.0135'],
    [500_000, '0.50'],
    [219_000_000, '219.00'],
    [1_234_567, '1.234567'],
  ])('writes %d micro-units as %s', (micros, literal) => {
    expect(moneyLiteral(micros).literal).toBe(literal);
  });
});

describe('rowJson', () => {
  it('has every column in wire order in beta', () => {
    expect(Object.keys(JSON.parse(rowJson(EXAMPLE_ROW, 'beta')) as object)).toEqual(
      COLUMNS.map((column) => column.name),
    );
  });

  it('leaves out the six columns of beta in v1.0', () => {
    expect(Object.keys(JSON.parse(rowJson(EXAMPLE_ROW, 'v1.0')) as object)).toEqual(
      COLUMNS.slice(0, 23).map((column) => column.name),
    );
  });

  it('keeps the scale of decimals', () => {
    expect(rowJson(EXAMPLE_ROW, 'v1.0')).toContain('"charge":0.00,');
  });
});

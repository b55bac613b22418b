import { readdirSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../src/telemetry/metrics.ts';
import { kustoAnalysis } from './support/kusto.ts';
import { at, list, ofType, readSnapshot } from './support/snapshot.ts';

const infra = new URL('../../infra/', import.meta.url);
const text = (file: string): string => readFileSync(new URL(file, infra), 'utf8');
const analyse = kustoAnalysis();

const WORKBOOK = z.object({
  version: z.literal('Notebook/1.0'),
  items: z.array(
    z.object({
      type: z.number(),
      name: z.string(),
      content: z.looseObject({ query: z.string().optional(), title: z.string().optional() }),
    }),
  ),
});

const alerts = readdirSync(new URL('kql/', infra)).map((file): [string, string] => [
  file,
  text(`kql/${file}`),
]);
const panels = WORKBOOK.parse(JSON.parse(text('workbook.json'))).items.flatMap(
  ({ content: { query, title } }): [string, string][] => (query === undefined ? [] : [[title ?? '', query]]),
);

describe("Microsoft's language service", () => {
  it.each(alerts)('finds nothing wrong with the alert %s', (_, query) => {
    expect(analyse(query).faults).toEqual([]);
  });

  it.each(panels)('finds nothing wrong with the panel "%s"', (_, query) => {
    expect(analyse(query).faults).toEqual([]);
  });

  it.each([
    ['a table', 'AppMetrix | count'],
    ['a column', "AppMetrics | where Nam == 'x'"],
    ['an operator', 'AppMetrics | wher Sum > 1'],
    ['a function', 'AppMetrics | extend X = notAFunction(Sum)'],
    ['a type', "AppRequests | where Success + 'x' == 1"],
    ['an end', 'AppMetrics | summarize count( by Name'],
  ])('would find a mistake in the name of %s, or in the grammar', (_, query) => {
    expect(analyse(query).faults).not.toEqual([]);
  });
});

describe('the queries', () => {
  it('are about ten or more, alerts and panels', () => {
    expect(alerts.length).toBe(6);
    expect(panels.length).toBeGreaterThan(10);
  });

  it('of the alerts give the column that their rule compares, and the dimensions that it splits by', () => {
    const rules = ofType(readSnapshot('default'), 'Microsoft.Insights/scheduledQueryRules');
    expect(rules.length).toBe(alerts.length);
    for (const rule of rules) {
      const criterion = at(rule, 'properties.criteria.allOf.0');
      const { columns } = analyse(String(at(criterion, 'query')));
      expect(columns, rule.name).toContain(at(criterion, 'metricMeasureColumn'));
      for (const dimension of list(at(criterion, 'dimensions'))) expect(columns).toContain(dimension['name']);
    }
  });

  const asked = [...alerts, ...panels].map(([, query]) => query).join('\n');

  it('ask for metrics that the app sends, and each that it sends is asked for', () => {
    const names = new Set([...asked.matchAll(/'(pstn\.[a-z.]+)'/g)].map(([, name]) => name));
    expect([...names].sort()).toEqual(Object.keys(METRICS).sort());
  });

  it('ask for events that the app logs', () => {
    const sources = readdirSync(new URL('../src/', infra), { recursive: true })
      .map(String)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => text(`../src/${file}`))
      .join('\n');
    const events = [...asked.matchAll(/(?:event\) == |has_any \(|Event in \()('[^)\n]+')/g)].flatMap(
      ([, names = '']) => [...names.matchAll(/'([A-Za-z]+)'/g)].map(([, name = '']) => name),
    );
    expect(events.length).toBeGreaterThan(3);
    for (const event of events)
      expect(sources, event).toMatch(new RegExp(`log\\.(info|warn|error)\\('${event}'`));
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kustoAnalysis } from './support/kusto.ts';
import { type Policy, testPolicies, without } from './support/policy.ts';
import { at, list, ofType, only, put, readSnapshot, type Resource, SETS } from './support/snapshot.ts';

const QUERY_RULE = 'Microsoft.Insights/scheduledQueryRules';
const METRIC_RULE = 'Microsoft.Insights/metricAlerts';
const ACTIONS = 'Microsoft.Insights/actionGroups';

/** What the operator is told of: the rule, and what it must measure. */
const QUERY_ALERTS: Readonly<
  Record<
    string,
    { of: string; measures: RegExp; operator: string; threshold: number; window: string; aggregation: string }
  >
> = {
  timerStopped: {
    of: 'no run of the timer in two periods',
    measures: /pstn\.planner\.ticks/,
    operator: 'LessThan',
    threshold: 1,
    window: 'PT30M',
    aggregation: 'Maximum',
  },
  functionsFailing: {
    of: 'functions that fail',
    measures: /AppRequests[\s\S]*Success == false/,
    operator: 'GreaterThan',
    threshold: 20,
    window: 'PT15M',
    aggregation: 'Total',
  },
  coverageGap: {
    of: 'hours that were not read',
    measures: /pstn\.coverage\.gap/,
    operator: 'GreaterThan',
    threshold: 0,
    window: 'PT1H',
    aggregation: 'Minimum',
  },
  gapExpires: {
    of: 'calls about to be lost',
    measures: /gapExpiresSoon/,
    operator: 'GreaterThan',
    threshold: 0,
    window: 'PT2H',
    aggregation: 'Maximum',
  },
  rejectedRows: {
    of: 'rows that do not fit',
    measures: /pstn\.rows\.rejected/,
    operator: 'GreaterThan',
    threshold: 0,
    window: 'PT2H',
    aggregation: 'Maximum',
  },
  budgetExhausted: {
    of: 'a request budget used up for a day',
    measures: /pstn\.budget\.used/,
    operator: 'GreaterThanOrEqual',
    threshold: 95,
    window: 'P1D',
    aggregation: 'Maximum',
  },
};
const METRIC_ALERTS: Readonly<
  Record<string, { of: string; namespace: string; metric: string; dimension: string }>
> = {
  deadLetters: {
    of: 'dead letters in any queue',
    namespace: 'Microsoft.ServiceBus/namespaces',
    metric: 'DeadletteredMessages',
    dimension: 'EntityName',
  },
  storageThrottled: {
    of: 'storage that turns requests away',
    namespace: 'Microsoft.Storage/storageAccounts',
    metric: 'Transactions',
    dimension: 'ResponseType',
  },
};

const named = (resources: readonly Resource[], type: string, name: string): Resource | undefined =>
  ofType(resources, type).find((one) => one.name.startsWith(`pstn-${name}-`));

const change = (type: string, name: string, path: string, value: unknown) => (resources: Resource[]) => {
  const found = named(resources, type, name);
  if (found !== undefined) put(found, path, value);
};

const tells = (resources: readonly Resource[], rule: Resource | undefined): boolean => {
  const group = only(resources, ACTIONS).id;
  return JSON.stringify(rule?.properties['actions'] ?? '').includes(`"${group}"`);
};

testPolicies('alerts: an operator hears of', [
  ...Object.entries(QUERY_ALERTS).map(
    ([name, { of, measures, operator, threshold, window, aggregation }]): Policy => {
      const criteria = 'properties.criteria.allOf.0';
      return {
        name: `${of} (${name})`,
        faults: (resources) => {
          const rule = named(resources, QUERY_RULE, name);
          const criterion = at(rule, criteria);
          return [
            ...(rule?.properties['enabled'] === true ? [] : ['it is off']),
            ...(measures.test(String(at(criterion, 'query'))) ? [] : ['it measures something else']),
            ...(at(criterion, 'operator') === operator ? [] : ['operator']),
            ...(at(criterion, 'threshold') === threshold ? [] : ['threshold']),
            ...(rule?.properties['windowSize'] === window ? [] : ['window']),
            ...(at(criterion, 'timeAggregation') === aggregation ? [] : ['aggregation']),
            ...(tells(resources, rule) ? [] : ['it tells nobody']),
          ];
        },
        breaks: {
          'not there': without((one) => one.name.startsWith(`pstn-${name}-`)),
          off: change(QUERY_RULE, name, 'properties.enabled', false),
          'another query': change(QUERY_RULE, name, `${criteria}.query`, 'print 1'),
          'another threshold': change(QUERY_RULE, name, `${criteria}.threshold`, 1000),
          'another operator': change(QUERY_RULE, name, `${criteria}.operator`, 'Equal'),
          'another aggregation': change(QUERY_RULE, name, `${criteria}.timeAggregation`, 'Average'),
          'another window': change(QUERY_RULE, name, 'properties.windowSize', 'PT5M'),
          'nobody is told': change(QUERY_RULE, name, 'properties.actions', {}),
        },
      };
    },
  ),
  ...Object.entries(METRIC_ALERTS).map(([name, { of, namespace, metric, dimension }]): Policy => {
    const criteria = 'properties.criteria.allOf.0';
    return {
      name: `${of} (${name})`,
      faults: (resources) => {
        const rule = named(resources, METRIC_RULE, name);
        const criterion = at(rule, criteria);
        const scope = String(at(rule, 'properties.scopes.0'));
        return [
          ...(rule?.properties['enabled'] === true ? [] : ['it is off']),
          ...(rule?.location === 'global' ? [] : ['its place']),
          ...(scope.includes(namespace) && resources.some(({ id }) => id === scope) ? [] : ['its scope']),
          ...(at(criterion, 'metricName') === metric ? [] : ['metric']),
          ...(at(criterion, 'dimensions.0.name') === dimension ? [] : ['dimension']),
          ...(Number(at(criterion, 'threshold')) <= 100 ? [] : ['threshold']),
          ...(tells(resources, rule) ? [] : ['it tells nobody']),
        ];
      },
      breaks: {
        'not there': without((one) => one.name.startsWith(`pstn-${name}-`)),
        off: change(METRIC_RULE, name, 'properties.enabled', false),
        'another metric': change(METRIC_RULE, name, `${criteria}.metricName`, 'Size'),
        'no dimension': change(METRIC_RULE, name, `${criteria}.dimensions`, []),
        'another threshold': change(METRIC_RULE, name, `${criteria}.threshold`, 1000),
        'another scope': change(METRIC_RULE, name, 'properties.scopes', ['/x']),
        'nobody is told': change(METRIC_RULE, name, 'properties.actions', []),
      },
    };
  }),
]);

const analyse = kustoAnalysis();

const eachQueryRule = (
  name: string,
  fine: (rule: Resource) => boolean,
  path: string,
  wrong: unknown,
): Policy => ({
  name,
  faults: (resources) =>
    ofType(resources, QUERY_RULE)
      .filter((rule) => !fine(rule))
      .map((rule) => rule.name),
  breaks: {
    [path]: (resources) => {
      const [rule] = ofType(resources, QUERY_RULE);
      if (rule !== undefined) put(rule, path, wrong);
    },
  },
});

/** Hours of an ISO 8601 duration of days, hours or minutes. */
const hours = (text: unknown): number => {
  const [, count = 'x', unit = ''] = /^PT?(\d+)([DHM])$/.exec(String(text)) ?? [];
  return Number(count) * ({ D: 24, H: 1, M: 1 / 60 }[unit] ?? Number.NaN);
};

testPolicies('query alerts', [
  {
    name: 'that look at more than one period leave each row its time, which the service cuts them by',
    faults: (resources) =>
      ofType(resources, QUERY_RULE)
        .filter((rule) => {
          const criterion = at(rule, 'properties.criteria.allOf.0');
          const periods = Number(at(criterion, 'failingPeriods.numberOfEvaluationPeriods'));
          return !(
            periods === 1 || analyse(String(at(criterion, 'query'))).columns.includes('TimeGenerated')
          );
        })
        .map(({ name }) => name),
    breaks: {
      'a sum of all periods': change(
        QUERY_RULE,
        'coverageGap',
        'properties.criteria.allOf.0.query',
        "AppMetrics | where Name == 'pstn.coverage.gap' | summarize GapHours = max(Sum / ItemCount)",
      ),
      'two periods of a query without time': change(
        QUERY_RULE,
        'timerStopped',
        'properties.criteria.allOf.0.failingPeriods.numberOfEvaluationPeriods',
        2,
      ),
    },
  },
  eachQueryRule(
    'look back two days at most, all that the service allows',
    (rule) => hours(rule.properties['windowSize']) <= 48,
    'properties.windowSize',
    'P3D',
  ),
  eachQueryRule(
    'have at most six dimensions',
    (rule) => list(at(rule, 'properties.criteria.allOf.0.dimensions')).length <= 6,
    'properties.criteria.allOf.0.dimensions',
    Array.from({ length: 7 }, () => ({ name: 'x' })),
  ),
  eachQueryRule(
    'compare with whole numbers',
    (rule) => Number.isInteger(at(rule, 'properties.criteria.allOf.0.threshold')),
    'properties.criteria.allOf.0.threshold',
    0.95,
  ),
  eachQueryRule(
    'name the column that they compare',
    (rule) => {
      const column = at(rule, 'properties.criteria.allOf.0.metricMeasureColumn');
      return (
        typeof column === 'string' &&
        String(at(rule, 'properties.criteria.allOf.0.query')).includes(`${column} =`)
      );
    },
    'properties.criteria.allOf.0.metricMeasureColumn',
    undefined,
  ),
  eachQueryRule(
    'ask as an identity of their own',
    (rule) =>
      rule.identity?.type === 'UserAssigned' &&
      Object.keys(rule.identity.userAssignedIdentities ?? {})
        .join()
        .includes('id-pstn-alerts-'),
    'identity',
    undefined,
  ),
  eachQueryRule(
    'resolve themselves, and are not muted',
    (rule) =>
      rule.properties['autoMitigate'] === true && rule.properties['muteActionsDuration'] === undefined,
    'properties.autoMitigate',
    false,
  ),
  eachQueryRule(
    'can be made before the first telemetry',
    (rule) => rule.properties['skipQueryValidation'] === true,
    'properties.skipQueryValidation',
    false,
  ),
  eachQueryRule(
    'say what to do',
    (rule) => String(rule.properties['description']).length > 60,
    'properties.description',
    'bad',
  ),
]);

describe('the queries of the alerts', () => {
  const folder = new URL('../../infra/kql/', import.meta.url);
  const text = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

  it('are those files, word for word', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.kql'));
    expect(files.sort()).toEqual(
      Object.keys(QUERY_ALERTS)
        .map((name) => `${name}.kql`)
        .sort(),
    );
    for (const set of SETS) {
      for (const [name] of Object.entries(QUERY_ALERTS)) {
        const rule = named(readSnapshot(set), QUERY_RULE, name);
        expect(at(rule, 'properties.criteria.allOf.0.query')).toBe(text(`${name}.kql`));
      }
    }
  });
});

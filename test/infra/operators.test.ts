import { testPolicies } from './support/policy.ts';
import { list, only, put } from './support/snapshot.ts';

const ACTIONS = 'Microsoft.Insights/actionGroups';
const WORKBOOK = 'Microsoft.Insights/workbooks';

testPolicies('the action group', [
  {
    name: 'is global, with a short name of twelve characters at most',
    faults: (resources) => {
      const { location, properties } = only(resources, ACTIONS);
      const short = String(properties['groupShortName']);
      return location === 'global' && short.length > 0 && short.length <= 12
        ? []
        : [`${location ?? ''} ${short}`];
    },
    breaks: {
      'a region': (resources) => put(only(resources, ACTIONS), 'location', 'westeurope'),
      'a long name': (resources) =>
        put(only(resources, ACTIONS), 'properties.groupShortName', 'pstn-usage-pipeline'),
    },
  },
  {
    name: 'writes to the addresses of the parameter',
    sets: ['private-network'],
    faults: (resources) =>
      list(only(resources, ACTIONS).properties['emailReceivers']).some(
        ({ emailAddress }) => emailAddress === 'telephony@example.com',
      )
        ? []
        : ['nobody'],
    breaks: { nobody: (resources) => put(only(resources, ACTIONS), 'properties.emailReceivers', []) },
  },
  {
    name: 'writes to the one address that azd gives',
    sets: ['hierarchical-namespace'],
    faults: (resources) =>
      list(only(resources, ACTIONS).properties['emailReceivers']).some(
        ({ emailAddress }) => emailAddress === 'voice@example.com',
      )
        ? []
        : ['nobody'],
    breaks: { nobody: (resources) => put(only(resources, ACTIONS), 'properties.emailReceivers', []) },
  },
]);

testPolicies('the workbook', [
  {
    name: 'belongs to the workspace and keeps its name',
    faults: (resources) => {
      const { name, properties } = only(resources, WORKBOOK);
      const belongs = String(properties['sourceId']).includes('/workspaces/log-pstn-');
      return belongs && /^[0-9a-f-]{36}$/.test(name) ? [] : [name];
    },
    breaks: {
      'of nobody': (resources) => put(only(resources, WORKBOOK), 'properties.sourceId', 'Azure Monitor'),
    },
  },
  {
    name: 'shows requests and budget, rows, lag, coverage and failures',
    faults: (resources) => {
      const text = String(only(resources, WORKBOOK).properties['serializedData']);
      return ['Requests', 'budget', 'Rows', 'Lag', 'Coverage', 'Failures'].filter(
        (word) => !text.includes(word),
      );
    },
    breaks: { empty: (resources) => put(only(resources, WORKBOOK), 'properties.serializedData', '{}') },
  },
]);

import { describe, expect, it } from 'vitest';
import { testPolicies } from './support/policy.ts';
import { roleLines } from './support/roles.ts';
import {
  ofType,
  type ParameterSet,
  put,
  readSnapshot,
  type Resource,
  ROLE,
  SETS,
} from './support/snapshot.ts';

/** Every role there is, with the reason for it. Whatever else is granted is a fault. */
interface Role {
  role: string;
  why: RegExp;
  sets: readonly ParameterSet[];
}

const FLAT: readonly ParameterSet[] = ['default', 'private-network'];
const HNS: readonly ParameterSet[] = ['hierarchical-namespace'];

const ROLES: readonly Role[] = [
  {
    role: 'app: Storage Blob Data Owner on the host account',
    why: /leases, keys and the deployed package/,
    sets: SETS,
  },
  {
    role: 'app: Storage Blob Data Contributor on pstn-raw in data',
    why: /its blobs in pstn-raw/,
    sets: SETS,
  },
  {
    role: 'app: Storage Blob Data Contributor on pstn-control in data',
    why: /its blobs in pstn-control/,
    sets: SETS,
  },
  {
    role: 'app: Storage Blob Data Contributor on pstn-calls in data',
    why: /its blobs in pstn-calls/,
    sets: FLAT,
  },
  {
    role: 'app: Storage Blob Data Contributor on pstn-calls in calls',
    why: /its blobs in pstn-calls/,
    sets: HNS,
  },
  {
    role: 'app: Storage Table Data Contributor on the data account',
    why: /ledger, totals, alerts and request budget/,
    sets: SETS,
  },
  { role: 'app: Service Bus Data Sender on sb-pstn', why: /sends to its queues/, sets: FLAT },
  { role: 'app: Service Bus Data Receiver on sb-pstn', why: /receive from the queues/, sets: FLAT },
  {
    role: 'app: Service Bus Data Owner on sb-pstn',
    why: /length of the queues, which it scales by/,
    sets: HNS,
  },
  { role: 'app: Monitoring Metrics Publisher on appi-pstn', why: /only with a token/, sets: SETS },
  { role: 'app: Key Vault Secrets User on kv-pstn', why: /Key Vault references/, sets: ['private-network'] },
  { role: 'alert rules: Reader on log-pstn', why: /query this workspace/, sets: SETS },
  {
    role: 'reader: Storage Blob Data Reader on pstn-calls in calls',
    why: /reads the curated files/,
    sets: HNS,
  },
  { role: 'operator: Storage Blob Data Reader on pstn-raw in data', why: /by commands/, sets: HNS },
  { role: 'operator: Storage Blob Data Reader on pstn-calls in calls', why: /by commands/, sets: HNS },
  { role: 'operator: Storage Blob Data Contributor on pstn-control in data', why: /by commands/, sets: HNS },
  { role: 'operator: Storage Table Data Contributor on the data account', why: /by commands/, sets: HNS },
  { role: 'operator: Service Bus Data Sender on sb-pstn', why: /backfill sends window jobs/, sets: HNS },
  { role: 'operator: Service Bus Data Receiver on sb-pstn', why: /peeks at the queues/, sets: HNS },
];

const assignment = (resources: readonly Resource[], role: string): Resource | undefined =>
  ofType(resources, ROLE)[roleLines(resources).indexOf(role)];

testPolicies(
  'roles: there is',
  ROLES.map(({ role, why, sets }) => ({
    name: role,
    sets,
    faults: (resources) => {
      const reason = assignment(resources, role)?.properties['description'];
      return typeof reason === 'string' && why.test(reason) ? [] : [`without it or its reason: ${role}`];
    },
    breaks: {
      'not granted': (resources) => {
        const index = resources.findIndex((one) => one === assignment(resources, role));
        if (index >= 0) resources.splice(index, 1);
      },
      'no reason': (resources) => {
        const found = assignment(resources, role);
        if (found !== undefined) put(found, 'properties.description', 'because');
      },
    },
  })),
);

testPolicies('roles', [
  {
    name: 'are these and no others',
    faults: (resources, set) => {
      const expected = ROLES.filter(({ sets }) => sets.includes(set)).map(({ role }) => role);
      const lines = roleLines(resources);
      return [
        ...lines.filter((line) => !expected.includes(line)),
        ...(lines.length === expected.length ? [] : [`${lines.length} roles, not ${expected.length}`]),
      ];
    },
    breaks: {
      'one more on the same thing': (resources) => {
        const [first] = ofType(resources, ROLE);
        if (first !== undefined) resources.push(first);
      },
      'a stronger one': (resources) => {
        const found = assignment(resources, 'app: Storage Blob Data Contributor on pstn-raw in data');
        if (found !== undefined)
          put(found, 'properties.roleDefinitionId', '/x/b7e6dc6d-f1e8-4753-8033-0f276bb0955b');
      },
      'on the whole account': (resources) => {
        const found = assignment(resources, 'app: Storage Blob Data Contributor on pstn-raw in data');
        if (found !== undefined) found.id = found.id.replace('/blobServices/default/containers/pstn-raw', '');
      },
    },
  },
  {
    name: 'say what kind of principal they are for, so that a new identity need not have replicated',
    faults: (resources) =>
      ofType(resources, ROLE)
        .filter(({ properties }) => {
          const type = properties['principalType'];
          const isIdentity = String(properties['principalId']).startsWith('[reference(');
          return isIdentity
            ? type !== 'ServicePrincipal'
            : !['ServicePrincipal', 'Group', 'User'].includes(String(type));
        })
        .map(({ name }) => name),
    breaks: {
      'nothing said': (resources) => {
        const [first] = ofType(resources, ROLE);
        if (first !== undefined) put(first, 'properties.principalType', undefined);
      },
    },
  },
  {
    name: 'are on single resources, never on the group or the subscription',
    faults: (resources) => {
      const lines = roleLines(resources);
      return ofType(resources, ROLE)
        .filter(({ id }) => !/resourceGroups\/[^/]+\/providers\/(?!Microsoft\.Authorization)/.test(id))
        .map((_, index) => lines[index] ?? '');
    },
    breaks: {
      'on the group': (resources) => {
        const [first] = ofType(resources, ROLE);
        if (first !== undefined)
          first.id =
            '/subscriptions/x/resourceGroups/rg-pstn/providers/Microsoft.Authorization/roleAssignments/y';
      },
    },
  },
]);

describe('a reader', () => {
  it('gets nothing of pstn-raw unless readersMayReadRaw says so', () => {
    const lines = roleLines(readSnapshot('hierarchical-namespace')).filter((line) =>
      line.startsWith('reader'),
    );
    expect(lines).toEqual(['reader: Storage Blob Data Reader on pstn-calls in calls']);
  });
});

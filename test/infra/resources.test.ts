import { MAX_DELIVERY_COUNT, QUEUE_NAMES, type QueueName } from '../../src/queues/names.ts';
import { CONTAINERS, TABLES } from '../../src/storage/names.ts';
import { everyHas, type Policy, testPolicies, without } from './support/policy.ts';
import { at, list, ofType, only, put, QUEUE, type Resource, STORAGE } from './support/snapshot.ts';

const nameOf = ({ name }: Resource): string => name.split('/').pop() ?? '';
const CONTAINER = `${STORAGE}/blobServices/containers`;
const TABLE = `${STORAGE}/tableServices/tables`;

/** Time to live; and what happens to a message that reaches it. */
const EXPIRY: Readonly<Record<QueueName, [timeToLive: string, becomesDeadLetter: boolean]>> = {
  'pstn-windows': ['P2D', false],
  'pstn-windows-backfill': ['P7D', false],
  'pstn-days': ['P2D', false],
  'pstn-parquet': ['P2D', false],
  'pstn-alerts': ['P14D', true],
};

const queue = (resources: readonly Resource[], name: string): Resource | undefined =>
  ofType(resources, QUEUE).find((one) => nameOf(one) === name);

testPolicies(
  'queues: there is',
  QUEUE_NAMES.map((name): Policy => {
    const [timeToLive, becomesDeadLetter] = EXPIRY[name];
    const expected = {
      lockDuration: 'PT5M',
      maxDeliveryCount: MAX_DELIVERY_COUNT,
      defaultMessageTimeToLive: timeToLive,
      deadLetteringOnMessageExpiration: becomesDeadLetter,
      requiresDuplicateDetection: false,
      requiresSession: false,
    };
    return {
      name: `${name}: lock of 5 min, ${MAX_DELIVERY_COUNT} deliveries, ${timeToLive}, expired messages ${becomesDeadLetter ? 'become dead letters' : 'are dropped'}`,
      faults: (resources) =>
        Object.entries(expected)
          .filter(([property, value]) => queue(resources, name)?.properties[property] !== value)
          .map(([property]) => property),
      breaks: {
        'not there': without((one) => one.type === QUEUE && nameOf(one) === name),
        ...Object.fromEntries(
          Object.keys(expected).map((property) => [
            property,
            (resources: Resource[]) => {
              const found = queue(resources, name);
              if (found !== undefined) put(found, `properties.${property}`, 'x');
            },
          ]),
        ),
      },
    };
  }),
);

const sameNames = (what: string, type: string, expected: readonly string[]): Policy => ({
  name: `${what} are those of the code and no others`,
  faults: (resources) => {
    const found = ofType(resources, type)
      .map(nameOf)
      .filter((name) => name !== 'app-package');
    return [
      ...expected.filter((name) => !found.includes(name)),
      ...found.filter((name, index) => !expected.includes(name) || found.indexOf(name) !== index),
    ];
  },
  breaks: {
    'one less': without((one) => one.type === type && expected.includes(nameOf(one))),
    'one more': (resources) => {
      const first = ofType(resources, type).find((one) => expected.includes(nameOf(one)));
      if (first !== undefined) resources.push({ ...first, name: `${first.name}x` });
    },
  },
});

testPolicies('names in storage and Service Bus', [
  sameNames('queues', QUEUE, QUEUE_NAMES),
  sameNames('containers', CONTAINER, Object.values(CONTAINERS)),
  sameNames('tables', TABLE, Object.values(TABLES)),
]);

const blobService = (resources: readonly Resource[], account: string): Resource | undefined =>
  ofType(resources, `${STORAGE}/blobServices`).find(({ name }) => name.startsWith(account));

const rules = (resources: readonly Resource[]): Map<string, unknown> =>
  new Map(
    list(at(only(resources, `${STORAGE}/managementPolicies`), 'properties.policy.rules')).map((rule) => [
      String(rule['name']),
      at(rule, 'definition'),
    ]),
  );

const breakRule = (name: string) => (resources: Resource[]) => {
  const policy = only(resources, `${STORAGE}/managementPolicies`);
  put(
    policy,
    'properties.policy.rules',
    list(at(policy, 'properties.policy.rules')).filter((rule) => rule['name'] !== name),
  );
};

testPolicies('what was deleted or replaced', [
  everyHas(
    'blobs come back for days',
    `${STORAGE}/blobServices`,
    'properties.deleteRetentionPolicy.enabled',
    true,
    false,
  ),
  everyHas(
    'containers come back for days',
    `${STORAGE}/blobServices`,
    'properties.containerDeleteRetentionPolicy.enabled',
    true,
    false,
  ),
  {
    name: 'raw blobs keep their versions',
    faults: (resources) =>
      blobService(resources, 'pstndata')?.properties['isVersioningEnabled'] === true ? [] : ['pstndata'],
    breaks: {
      off: (resources) => {
        const service = blobService(resources, 'pstndata');
        if (service !== undefined) put(service, 'properties.isVersioningEnabled', false);
      },
    },
  },
  {
    name: 'an account with a hierarchical namespace asks for no versions, which it cannot have',
    sets: ['hierarchical-namespace'],
    faults: (resources) => {
      const account = ofType(resources, STORAGE).find((one) => one.properties['isHnsEnabled'] === true);
      const versions = blobService(resources, account?.name ?? 'none')?.properties['isVersioningEnabled'];
      return account !== undefined && versions === false ? [] : [String(versions)];
    },
    breaks: {
      asked: (resources) => {
        const service = blobService(resources, 'pstncalls');
        if (service !== undefined) put(service, 'properties.isVersioningEnabled', true);
      },
    },
  },
  {
    name: 'only pstn-calls is in the account with a hierarchical namespace, and the tables are not',
    sets: ['hierarchical-namespace'],
    faults: (resources) => {
      const inside = [...ofType(resources, CONTAINER), ...ofType(resources, TABLE)].filter(({ name }) =>
        name.startsWith('pstncalls'),
      );
      return inside.map(nameOf).join(' ') === CONTAINERS.calls ? [] : inside.map(nameOf);
    },
    breaks: {
      'a table there': (resources) => {
        const [table] = ofType(resources, TABLE);
        if (table !== undefined) table.name = 'pstncalls/default/windows';
      },
    },
  },
  ...(['derived-versions', 'raw-versions'] as const).map((name): Policy => ({
    name: `versions expire by the rule ${name}`,
    faults: (resources) => {
      const days = at(rules(resources).get(name), 'actions.version.delete.daysAfterCreationGreaterThan');
      return typeof days === 'number' && days >= 1 ? [] : [name];
    },
    breaks: { 'no rule': breakRule(name) },
  })),
  {
    name: 'raw blobs expire by RAW_RETENTION_DAYS',
    sets: ['hierarchical-namespace'],
    faults: (resources) => {
      const rule = rules(resources).get('raw-retention');
      const right =
        at(rule, 'actions.baseBlob.delete.daysAfterModificationGreaterThan') === 400 &&
        at(rule, 'filters.prefixMatch.0') === `${CONTAINERS.raw}/`;
      return right ? [] : ['raw-retention'];
    },
    breaks: { 'no rule': breakRule('raw-retention') },
  },
  {
    name: 'raw blobs stay for ever without RAW_RETENTION_DAYS',
    sets: ['default', 'private-network'],
    faults: (resources) => (rules(resources).has('raw-retention') ? ['raw-retention'] : []),
    breaks: {
      'a rule': (resources) => {
        const policy = only(resources, `${STORAGE}/managementPolicies`);
        put(policy, 'properties.policy.rules', [{ name: 'raw-retention', definition: {} }]);
      },
    },
  },
]);

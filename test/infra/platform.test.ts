import { evaluateText } from './support/armExpression.ts';
import { everyHas, testPolicies, without } from './support/policy.ts';
import { at, list, NAMESPACE, ofType, only, put, type Resource, SITE, STORAGE } from './support/snapshot.ts';

const CONTAINER = `${STORAGE}/blobServices/containers`;
const DIAGNOSTICS = 'Microsoft.Insights/diagnosticSettings';

const PLAN = 'Microsoft.Web/serverfarms';

testPolicies('Flex Consumption', [
  everyHas('is the plan', PLAN, 'sku.name', 'FC1', 'Y1'),
  everyHas('is the tier', PLAN, 'sku.tier', 'FlexConsumption', 'Dynamic'),
  everyHas('runs Linux', PLAN, 'properties.reserved', true, false),
  everyHas('has a plan for functions', PLAN, 'kind', 'functionapp', 'app'),
  everyHas('has an app for functions', SITE, 'kind', 'functionapp,linux', 'app,linux'),
  everyHas('runs Node.js', SITE, 'properties.functionAppConfig.runtime.name', 'node', 'python'),
  everyHas('runs Node.js 22', SITE, 'properties.functionAppConfig.runtime.version', '22', '20'),
  everyHas(
    'has instances of 2 GB',
    SITE,
    'properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB',
    2048,
    1024,
  ),
  everyHas(
    'has at most 40 instances, the fewest that can be asked for',
    SITE,
    'properties.functionAppConfig.scaleAndConcurrency.maximumInstanceCount',
    40,
    10,
  ),
  everyHas(
    'fetches its package with its identity',
    SITE,
    'properties.functionAppConfig.deployment.storage.authentication.type',
    'UserAssignedIdentity',
    'StorageAccountConnectionString',
  ),
  everyHas('is found by azd', SITE, 'tags.azd-service-name', 'pipeline', 'web'),
  {
    name: 'fetches its package from a container that there is',
    faults: (resources) => {
      const text = String(at(only(resources, SITE), 'properties.functionAppConfig.deployment.storage.value'));
      const [, account = '', container = ''] =
        /^https:\/\/([a-z0-9]+)\.blob\.[^/]+\/(.+)$/.exec(evaluateText(text)) ?? [];
      return ofType(resources, CONTAINER).some(({ name }) => name === `${account}/default/${container}`)
        ? []
        : [text];
    },
    breaks: { 'no container': without(({ name }) => name.endsWith('/app-package')) },
  },
]);

/** Properties of a site that Flex Consumption refuses, or has in functionAppConfig instead. */
const NOT_OF_FLEX = [
  'ftpsState',
  'use32BitWorkerProcess',
  'alwaysOn',
  'preWarmedInstanceCount',
  'functionAppScaleLimit',
  'linuxFxVersion',
  'windowsFxVersion',
  'isReserved',
  'containerSize',
] as const;

testPolicies('Flex Consumption', [
  {
    name: 'gets no property that it does not have',
    faults: (resources) => {
      const { properties } = only(resources, SITE);
      return NOT_OF_FLEX.filter(
        (property) =>
          at(properties, property) !== undefined || at(properties, `siteConfig.${property}`) !== undefined,
      );
    },
    breaks: Object.fromEntries(
      NOT_OF_FLEX.flatMap((property) =>
        [`properties.${property}`, `properties.siteConfig.${property}`].map((path) => [
          path,
          (resources: Resource[]) => put(only(resources, SITE), path, true),
        ]),
      ),
    ),
  },
]);

testPolicies('signing in', [
  {
    name: 'is for one group, without a client secret, with 401 for everybody else, and health stays open',
    sets: ['hierarchical-namespace'],
    faults: (resources) => {
      const found = ofType(resources, `${SITE}/config`).find(({ name }) => name.endsWith('/authsettingsV2'));
      const settings = found?.properties;
      const entra = at(settings, 'identityProviders.azureActiveDirectory');
      const expected: [path: string, of: unknown, value: unknown][] = [
        ['platform.enabled', settings, true],
        ['globalValidation.requireAuthentication', settings, true],
        ['globalValidation.unauthenticatedClientAction', settings, 'Return401'],
        ['globalValidation.excludedPaths.0', settings, '/api/health'],
        ['globalValidation.excludedPaths.1', settings, undefined],
        ['httpSettings.requireHttps', settings, true],
        ['registration.clientSecretSettingName', entra, 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'],
        [
          'validation.defaultAuthorizationPolicy.allowedPrincipals.groups.0',
          entra,
          '66666666-6666-6666-6666-666666666666',
        ],
      ];
      return expected.filter(([path, of, value]) => at(of, path) !== value).map(([path]) => path);
    },
    breaks: {
      'not there': without(({ name }) => name.endsWith('/authsettingsV2')),
      everybody: (resources) =>
        put(only(resources, `${SITE}/config`), 'properties.globalValidation.requireAuthentication', false),
      'any group': (resources) =>
        put(
          only(resources, `${SITE}/config`),
          'properties.identityProviders.azureActiveDirectory.validation.defaultAuthorizationPolicy.allowedPrincipals.groups',
          [],
        ),
      'more paths': (resources) =>
        put(only(resources, `${SITE}/config`), 'properties.globalValidation.excludedPaths', [
          '/api/health',
          '/api/report',
        ]),
    },
  },
]);

testPolicies('records of access', [
  {
    name: 'deletions of blobs, operations on queues, and use of secrets go to the workspace',
    faults: (resources) => {
      const wanted: readonly [of: RegExp, category: string][] = [
        [/storageAccounts\/pstnhost.*blobServices/, 'StorageDelete'],
        [/storageAccounts\/pstndata.*blobServices/, 'StorageDelete'],
        [/ServiceBus\/namespaces/, 'OperationalLogs'],
        ...(resources.some(({ type }) => type === 'Microsoft.KeyVault/vaults')
          ? [[/KeyVault\/vaults/, 'AuditEvent'] as [RegExp, string]]
          : []),
      ];
      return wanted
        .filter(
          ([of, category]) =>
            !ofType(resources, DIAGNOSTICS).some(
              ({ id, properties }) =>
                of.test(id) &&
                String(properties['workspaceId']).includes('/workspaces/log-pstn-') &&
                list(properties['logs']).some(
                  (log) => log['category'] === category && log['enabled'] === true,
                ),
            ),
        )
        .map(([, category]) => category);
    },
    breaks: {
      'none of the queues': without(({ id, type }) => type === DIAGNOSTICS && id.includes('ServiceBus')),
      'none of the data': without(({ id, type }) => type === DIAGNOSTICS && id.includes('pstndata')),
    },
  },
  {
    name: 'reads of blobs go there too where auditAccess asks for it',
    sets: ['private-network'],
    faults: (resources) => {
      const found = ofType(resources, DIAGNOSTICS).find(({ id }) => id.includes('pstndata'));
      return list(found?.properties['logs'])
        .filter((log) => log['enabled'] !== true)
        .map((log) => String(log['category']));
    },
    breaks: {
      'switched off': (resources) => {
        const found = ofType(resources, DIAGNOSTICS).find(({ id }) => id.includes('pstndata'));
        if (found !== undefined) put(found, 'properties.logs.1.enabled', false);
      },
    },
  },
]);

testPolicies('Service Bus', [
  {
    name: 'is Standard unless the network is private',
    sets: ['default', 'hierarchical-namespace'],
    faults: (resources) => (only(resources, NAMESPACE).sku?.['name'] === 'Standard' ? [] : ['sku']),
    breaks: { Premium: (resources) => put(only(resources, NAMESPACE), 'sku.name', 'Premium') },
  },
]);

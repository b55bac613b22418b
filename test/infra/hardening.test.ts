import { everyHas, testPolicies, without } from './support/policy.ts';
import {
  appSettings,
  at,
  NAMESPACE,
  ofType,
  only,
  put,
  setSetting,
  SITE,
  STORAGE,
} from './support/snapshot.ts';

const VAULT = 'Microsoft.KeyVault/vaults';

testPolicies('storage', [
  everyHas('takes no shared key', STORAGE, 'properties.allowSharedKeyAccess', false, true),
  everyHas('signs in with Entra by default', STORAGE, 'properties.defaultToOAuthAuthentication', true, false),
  everyHas('shows no blob to the public', STORAGE, 'properties.allowBlobPublicAccess', false, true),
  everyHas(
    'has no container that is open to the public',
    `${STORAGE}/blobServices/containers`,
    'properties.publicAccess',
    'None',
    'Blob',
  ),
  everyHas('replicates into no other tenant', STORAGE, 'properties.allowCrossTenantReplication', false, true),
  everyHas('is copied within the tenant only', STORAGE, 'properties.allowedCopyScope', 'AAD', 'PrivateLink'),
  everyHas('asks for TLS 1.2', STORAGE, 'properties.minimumTlsVersion', 'TLS1_2', 'TLS1_0'),
  everyHas('answers over https only', STORAGE, 'properties.supportsHttpsTrafficOnly', true, false),
  everyHas('has no local users', STORAGE, 'properties.isLocalUserEnabled', false, true),
  everyHas('has no SFTP', STORAGE, 'properties.isSftpEnabled', false, true),
  {
    name: 'lets Azure services through its firewall only where it has one: lifecycle management is one of them',
    faults: (resources) =>
      ofType(resources, STORAGE)
        .filter((account) => {
          const isClosed = at(account, 'properties.networkAcls.defaultAction') === 'Deny';
          const bypass = at(account, 'properties.networkAcls.bypass');
          return bypass !== (isClosed ? 'AzureServices' : 'None');
        })
        .map(({ name }) => name),
    breaks: {
      'the other way round': (resources) => {
        for (const account of ofType(resources, STORAGE)) {
          const isClosed = at(account, 'properties.networkAcls.defaultAction') === 'Deny';
          put(account, 'properties.networkAcls.bypass', isClosed ? 'None' : 'AzureServices');
        }
      },
      'logging and metrics too': (resources) =>
        put(
          ofType(resources, STORAGE)[0] ?? only(resources, STORAGE),
          'properties.networkAcls.bypass',
          'AzureServices, Logging, Metrics',
        ),
    },
  },
  {
    name: 'that is closed and has rules of expiry lets the service in that applies them',
    sets: ['private-network'],
    faults: (resources) => {
      const ruled = ofType(resources, STORAGE).filter(({ name }) =>
        ofType(resources, `${STORAGE}/managementPolicies`).some((policy) =>
          policy.name.startsWith(`${name}/`),
        ),
      );
      const closed = ruled.filter(
        (account) => at(account, 'properties.networkAcls.defaultAction') === 'Deny',
      );
      return closed.length === 0
        ? ['there is no such account']
        : closed
            .filter((account) => at(account, 'properties.networkAcls.bypass') !== 'AzureServices')
            .map(({ name }) => name);
    },
    breaks: {
      'nobody let in': (resources) => {
        for (const account of ofType(resources, STORAGE))
          put(account, 'properties.networkAcls.bypass', 'None');
      },
    },
  },
]);

testPolicies('Service Bus', [
  everyHas('takes no key', NAMESPACE, 'properties.disableLocalAuth', true, false),
  everyHas('asks for TLS 1.2', NAMESPACE, 'properties.minimumTlsVersion', '1.2', '1.0'),
  {
    name: 'has no authorization rules, which would be keys',
    faults: (resources) =>
      resources.filter(({ type }) => /authorizationRules$/i.test(type)).map(({ name }) => name),
    breaks: {
      'a rule': (resources) => {
        resources.push({ ...only(resources, NAMESPACE), type: `${NAMESPACE}/AuthorizationRules` });
      },
    },
  },
]);

testPolicies('monitoring', [
  everyHas(
    'takes telemetry with a token only',
    'Microsoft.Insights/components',
    'properties.DisableLocalAuth',
    true,
    false,
  ),
  everyHas(
    'has no keys of the workspace',
    'Microsoft.OperationalInsights/workspaces',
    'properties.features.disableLocalAuth',
    true,
    false,
  ),
]);

testPolicies('the function app', [
  everyHas('answers over https only', SITE, 'properties.httpsOnly', true, false),
  everyHas('asks for TLS 1.2', SITE, 'properties.siteConfig.minTlsVersion', '1.2', '1.0'),
  everyHas(
    'asks for TLS 1.2 when it is deployed',
    SITE,
    'properties.siteConfig.scmMinTlsVersion',
    '1.2',
    '1.1',
  ),
  everyHas('has no remote debugger', SITE, 'properties.siteConfig.remoteDebuggingEnabled', false, true),
  everyHas(
    'has no publishing passwords',
    `${SITE}/basicPublishingCredentialsPolicies`,
    'properties.allow',
    false,
    true,
  ),
  {
    name: 'has its publishing passwords off for both doors',
    faults: (resources) => {
      const names = ofType(resources, `${SITE}/basicPublishingCredentialsPolicies`).map(({ name }) => name);
      return ['ftp', 'scm'].filter((door) => !names.some((name) => name.endsWith(`/${door}`)));
    },
    breaks: { 'no policy for scm': without(({ name }) => name.endsWith('/scm')) },
  },
  {
    name: 'is one user-assigned identity',
    faults: (resources) => {
      const { identity } = only(resources, SITE);
      const ids = Object.keys(identity?.userAssignedIdentities ?? {});
      return identity?.type === 'UserAssigned' && ids.length === 1 ? [] : [JSON.stringify(identity)];
    },
    breaks: {
      none: (resources) => put(only(resources, SITE), 'identity', undefined),
      "the system's as well": (resources) =>
        put(only(resources, SITE), 'identity.type', 'SystemAssigned, UserAssigned'),
    },
  },
]);

/** Texts that open something to whoever has them. */
const SECRETS = [
  /AccountKey=/i,
  /SharedAccess(Key|Signature)/i,
  /[?&]sig=/i,
  /password/i,
  /\blist(Keys|AccountSas|ServiceSas|Secrets|Credentials)\b/i,
  /client_?secret/i,
];

testPolicies('settings', [
  {
    name: 'hold no secret, key or connection string',
    faults: (resources) =>
      [...appSettings(resources)]
        .filter(([name, value]) => name !== '' && SECRETS.some((secret) => secret.test(value)))
        .map(([name]) => name),
    breaks: {
      'a storage key': (resources) =>
        setSetting(resources, 'X', 'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=aGVsbG8='),
      'a key of Service Bus': (resources) =>
        setSetting(resources, 'X', 'Endpoint=sb://a/;SharedAccessKeyName=all;SharedAccessKey=abc'),
      'a SAS': (resources) => setSetting(resources, 'X', 'https://a.blob.core.windows.net/?sv=1&sig=abc'),
      'a key that is looked up': (resources) =>
        setSetting(resources, 'X', "[listKeys('/subscriptions/x', '2024-01-01').keys[0].value]"),
    },
  },
  {
    name: 'have a secret only by reference to the key vault',
    faults: (resources) =>
      [...appSettings(resources)]
        .filter(
          ([name, value]) =>
            /_(KEY|SECRET|PASSWORD|URL)$/.test(name) && !value.startsWith('@Microsoft.KeyVault('),
        )
        .map(([name]) => name),
    breaks: {
      'written down': (resources) => setSetting(resources, 'ALERT_WEBHOOK_SECRET', 'hunter2'),
    },
  },
  {
    name: 'have no connection string where an identity serves',
    faults: (resources) =>
      ['AzureWebJobsStorage', 'DATA_STORAGE', 'ServiceBusConnection', 'AZURE_CLIENT_SECRET'].filter((name) =>
        appSettings(resources).has(name),
      ),
    breaks: {
      'of the host': (resources) => setSetting(resources, 'AzureWebJobsStorage', 'x'),
      'of the data': (resources) => setSetting(resources, 'DATA_STORAGE', 'x'),
      'of the queues': (resources) => setSetting(resources, 'ServiceBusConnection', 'x'),
    },
  },
]);

testPolicies('a key vault', [
  {
    ...everyHas('goes by roles', VAULT, 'properties.enableRbacAuthorization', true, false),
    sets: ['private-network'],
  },
  {
    ...everyHas('cannot be purged', VAULT, 'properties.enablePurgeProtection', true, false),
    sets: ['private-network'],
  },
]);

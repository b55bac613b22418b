import { testPolicies, without } from './support/policy.ts';
import { at, list, NAMESPACE, ofType, only, put, type Resource, SITE, STORAGE } from './support/snapshot.ts';

const VAULT = 'Microsoft.KeyVault/vaults';
const ENDPOINT = 'Microsoft.Network/privateEndpoints';

/** Services behind private endpoints, by the type of the resource and the group that private link calls them. */
const BEHIND_ENDPOINTS: readonly [type: string, name: RegExp, group: string][] = [
  [STORAGE, /^pstnhost/, 'blob'],
  [STORAGE, /^pstndata/, 'blob'],
  [STORAGE, /^pstndata/, 'table'],
  [NAMESPACE, /^sb-/, 'namespace'],
  [VAULT, /^kv-/, 'vault'],
  [SITE, /^func-/, 'sites'],
];

const isClosed = (resource: Resource): boolean => {
  const { publicNetworkAccess, networkAcls } = resource.properties;
  if (publicNetworkAccess === 'Disabled') return true;
  // Open to named resources and to nobody else.
  return (
    at(networkAcls, 'defaultAction') === 'Deny' &&
    list(at(networkAcls, 'ipRules')).length === 0 &&
    list(at(networkAcls, 'virtualNetworkRules')).length === 0 &&
    list(at(networkAcls, 'resourceAccessRules')).length > 0
  );
};

testPolicies('a private network', [
  {
    name: 'closes storage, queues, vault and app to the public',
    sets: ['private-network'],
    faults: (resources) =>
      resources
        .filter(({ type }) => [STORAGE, NAMESPACE, VAULT, SITE].includes(type))
        .filter((resource) => !isClosed(resource))
        .map(({ name }) => name),
    breaks: {
      'storage that is open': (resources) => {
        const [account] = ofType(resources, STORAGE);
        if (account !== undefined) put(account, 'properties.publicNetworkAccess', 'Enabled');
      },
      'a firewall with an address': (resources) => {
        const data = ofType(resources, STORAGE).find(({ name }) => name.startsWith('pstndata'));
        if (data !== undefined) put(data, 'properties.networkAcls.ipRules', [{ value: '0.0.0.0/0' }]);
      },
      'queues that are open': (resources) =>
        put(only(resources, NAMESPACE), 'properties.publicNetworkAccess', 'Enabled'),
      'a vault that is open': (resources) =>
        put(only(resources, VAULT), 'properties.publicNetworkAccess', 'Enabled'),
      'an app that is open': (resources) =>
        put(only(resources, SITE), 'properties.publicNetworkAccess', 'Enabled'),
    },
  },
  {
    name: 'has a private endpoint with names for each service that the app talks to',
    sets: ['private-network'],
    faults: (resources) =>
      BEHIND_ENDPOINTS.filter(([type, name, group]) => {
        const target = resources.find((resource) => resource.type === type && name.test(resource.name));
        const endpoint = ofType(resources, ENDPOINT).find((one) => {
          const [connection] = list(at(one, 'properties.privateLinkServiceConnections'));
          return (
            at(connection, 'properties.privateLinkServiceId') === target?.id &&
            at(connection, 'properties.groupIds.0') === group
          );
        });
        const named = ofType(resources, `${ENDPOINT}/privateDnsZoneGroups`).some(
          (zones) => zones.name === `${endpoint?.name ?? ''}/default`,
        );
        return endpoint === undefined || !named;
      }).map(([type, , group]) => `${type} ${group}`),
    breaks: {
      'no endpoint of the tables': without(({ type, name }) => type === ENDPOINT && name.endsWith('-table')),
      'an endpoint without names': without(({ type }) => type === `${ENDPOINT}/privateDnsZoneGroups`),
      'an endpoint of something else': (resources) => {
        const [endpoint] = ofType(resources, ENDPOINT);
        if (endpoint !== undefined)
          put(endpoint, 'properties.privateLinkServiceConnections.0.properties.groupIds', ['file']);
      },
    },
  },
  {
    name: 'has the app in a subnet that is delegated and has a way out to Graph',
    sets: ['private-network'],
    faults: (resources) => {
      const network = only(resources, 'Microsoft.Network/virtualNetworks');
      const id = String(at(only(resources, SITE), 'properties.virtualNetworkSubnetId'));
      const subnet = list(at(network, 'properties.subnets')).find(
        ({ name }) => id === `${network.id}/subnets/${String(name)}`,
      );
      const delegated = list(at(subnet, 'properties.delegations')).some(
        (delegation) => at(delegation, 'properties.serviceName') === 'Microsoft.App/environments',
      );
      return [
        ...(delegated ? [] : ['the subnet of the app is not delegated']),
        ...(at(subnet, 'properties.natGateway.id') === undefined ? ['there is no way out'] : []),
      ];
    },
    breaks: {
      'not in it': (resources) => put(only(resources, SITE), 'properties.virtualNetworkSubnetId', undefined),
      'not delegated': (resources) =>
        put(
          only(resources, 'Microsoft.Network/virtualNetworks'),
          'properties.subnets.0.properties.delegations',
          [],
        ),
      'no way out': (resources) =>
        put(
          only(resources, 'Microsoft.Network/virtualNetworks'),
          'properties.subnets.0.properties.natGateway',
          undefined,
        ),
    },
  },
  {
    name: 'lets the Fabric workspace reach pstn-calls, or ingestion is dead',
    sets: ['private-network'],
    faults: (resources) => {
      const data = ofType(resources, STORAGE).find(({ name }) => name.startsWith('pstndata'));
      const [rule] = list(at(data, 'properties.networkAcls.resourceAccessRules'));
      const reached =
        String(at(rule, 'resourceId')).includes('/providers/Microsoft.Fabric/workspaces/') &&
        data?.properties['publicNetworkAccess'] === 'Enabled';
      return reached ? [] : ['the account that holds pstn-calls'];
    },
    breaks: {
      'no rule': (resources) => {
        for (const account of ofType(resources, STORAGE))
          put(account, 'properties.networkAcls.resourceAccessRules', []);
      },
      'a rule that never counts': (resources) => {
        for (const account of ofType(resources, STORAGE))
          put(account, 'properties.publicNetworkAccess', 'Disabled');
      },
    },
  },
  {
    name: 'has a Service Bus that can have a private endpoint',
    sets: ['private-network'],
    faults: (resources) => (only(resources, NAMESPACE).sku?.['tier'] === 'Premium' ? [] : ['not Premium']),
    breaks: { Standard: (resources) => put(only(resources, NAMESPACE), 'sku.tier', 'Standard') },
  },
]);

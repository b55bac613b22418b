import { privateNetwork, resourceTags } from '../types.bicep'

@minLength(6)
@maxLength(50)
param name string
param location string
param tags resourceTags
@allowed(['Basic', 'Standard', 'Premium'])
param sku string
param network privateNetwork?
param workspaceId string

// Names as in src/queues/names.ts. A message that expires is dropped where the planner sends again what is still
// called for; an alert that nobody took must be seen, so it becomes a dead letter. Basic allows 14 days at most.
var queues = [
  { name: 'pstn-windows', timeToLive: 'P2D', deadLetterExpired: false }
  { name: 'pstn-windows-backfill', timeToLive: 'P7D', deadLetterExpired: false }
  { name: 'pstn-days', timeToLive: 'P2D', deadLetterExpired: false }
  { name: 'pstn-parquet', timeToLive: 'P2D', deadLetterExpired: false }
  { name: 'pstn-alerts', timeToLive: 'P14D', deadLetterExpired: true }
]

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku, tier: sku, capacity: sku == 'Premium' ? 1 : null }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: network == null ? 'Enabled' : 'Disabled'
  }
}

resource namespaceQueues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [
  for queue in queues: {
    parent: namespace
    name: queue.name
    properties: {
      // The longest there is; the host renews it while a handler runs.
      lockDuration: 'PT5M'
      maxDeliveryCount: 10
      defaultMessageTimeToLive: queue.timeToLive
      deadLetteringOnMessageExpiration: queue.deadLetterExpired
      // Correctness rests on neither, so that every tier will do.
      requiresDuplicateDetection: false
      requiresSession: false
      maxSizeInMegabytes: 1024
    }
  }
]

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: namespace
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'OperationalLogs', enabled: true }]
  }
}

module endpoint 'privateEndpoint.bicep' = if (network != null) {
  name: 'pe-${name}'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    targetId: namespace.id
    groupId: 'namespace'
    subnetId: network!.endpointSubnetId
    zoneId: network!.zones.serviceBus
  }
}

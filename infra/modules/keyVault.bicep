import { privateNetwork, resourceTags } from '../types.bicep'

@minLength(3)
@maxLength(24)
param name string
param location string
param tags resourceTags
param network privateNetwork?
param workspaceId string

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    publicNetworkAccess: network == null ? 'Enabled' : 'Disabled'
    networkAcls: { bypass: 'None', defaultAction: network == null ? 'Allow' : 'Deny' }
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

module endpoint 'privateEndpoint.bicep' = if (network != null) {
  name: 'pe-${name}'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    targetId: vault.id
    groupId: 'vault'
    subnetId: network!.endpointSubnetId
    zoneId: network!.zones.vault
  }
}

output uri string = vault.properties.vaultUri

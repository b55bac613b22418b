// Every storage account is made here, so that each has the same locks on its doors.
import { lifecycleRule } from '../lifecycle.bicep'
import { privateNetwork, resourceTags, trustedResource } from '../types.bicep'

@minLength(3)
@maxLength(24)
param name string
param location string
param tags resourceTags
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param sku string = 'Standard_LRS'

@description('ADLS Gen2. Such an account cannot keep versions of blobs.')
param hierarchicalNamespace bool = false
param versioning bool = false
@minValue(1)
@maxValue(365)
param softDeleteDays int = 14
param containers string[] = []
param tables string[] = []
param lifecycleRules lifecycleRule[] = []

@description('Null: reached over the public network, by identities only.')
param network privateNetwork?
param privateEndpoints ('blob' | 'dfs' | 'table')[] = []
param trustedResources trustedResource[] = []

@description('Log Analytics workspace that gets the records of deletions.')
param workspaceId string
@description('Records every read and write as well: who has looked at which calls. Costs by volume.')
param auditAccess bool = false

// A rule for a single resource counts only while the network is open to "selected networks": none but those.
var publicNetworkAccess = network == null || !empty(trustedResources) ? 'Enabled' : 'Disabled'

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    allowedCopyScope: 'AAD'
    defaultToOAuthAuthentication: true
    isHnsEnabled: hierarchicalNamespace
    isLocalUserEnabled: false
    isSftpEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: publicNetworkAccess
    networkAcls: {
      // Lifecycle management is such a service: what should expire would stay behind a closed network.
      bypass: network == null ? 'None' : 'AzureServices'
      defaultAction: network == null ? 'Allow' : 'Deny'
      ipRules: []
      virtualNetworkRules: []
      resourceAccessRules: network == null ? [] : trustedResources
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: versioning && !hierarchicalNamespace
    deleteRetentionPolicy: { enabled: true, days: softDeleteDays }
    containerDeleteRetentionPolicy: { enabled: true, days: softDeleteDays }
  }
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = [
  for container in containers: {
    parent: blobs
    name: container
    properties: { publicAccess: 'None' }
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2024-01-01' = if (!empty(tables)) {
  parent: account
  name: 'default'
}

resource accountTables 'Microsoft.Storage/storageAccounts/tableServices/tables@2024-01-01' = [
  for table in tables: {
    parent: tableService
    name: table
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = if (!empty(lifecycleRules)) {
  parent: account
  name: 'default'
  properties: { policy: { rules: lifecycleRules } }
  // A rule about versions is refused while the account does not keep any.
  dependsOn: [blobs]
}

resource blobAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageDelete', enabled: true }
      { category: 'StorageRead', enabled: auditAccess }
      { category: 'StorageWrite', enabled: auditAccess }
    ]
  }
}

module endpoints 'privateEndpoint.bicep' = [
  for service in privateEndpoints: if (network != null) {
    name: 'pe-${name}-${service}'
    params: {
      name: 'pe-${name}-${service}'
      location: location
      tags: tags
      targetId: account.id
      groupId: service
      subnetId: network!.endpointSubnetId
      zoneId: network!.zones[service]
    }
  }
]

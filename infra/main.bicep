// The pipeline in one resource group. Nothing in it has a key: everything is reached with an identity.
import { lifecycleRules } from 'lifecycle.bicep'
import { pipelineSettings } from 'settings.bicep'
import { principal, privateNetwork, resourceTags, secretTexts, serviceBusRights, texts, trustedResource } from 'types.bicep'

@description('Tells two deployments of one resource group apart; azd gives its environment\'s name.')
@minLength(1)
@maxLength(64)
param environmentName string
param location string = resourceGroup().location
param tags resourceTags = {}

@description('Settings of the app that differ from their defaults.')
param settings pipelineSettings = {}

@description('Durability of the data. Raw files cannot be read again from Graph after 90 days; where the region has zones, Standard_ZRS is better.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param dataRedundancy string = 'Standard_LRS'
@description('Puts pstn-calls into an account of ADLS Gen2, which the ADLS shortcuts of Fabric need.')
param hierarchicalNamespace bool = false
@description('Days in which deleted or replaced blobs can be brought back.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 14

@description('Synapse, Fabric, analysts: they may read pstn-calls.')
param readers principal[] = []
@description('Lets the readers read pstn-raw too: every call with its phone numbers.')
param readersMayReadRaw bool = false
@description('People who use the command line against this deployment.')
param operators principal[] = []

@description('A network of its own: storage and queues are reached by private endpoints only. Makes Service Bus Premium.')
param privateNetworking bool = false
@description('At least a /25.')
param addressPrefix string = '10.90.0.0/24'
@description('Whether the app\'s HTTP endpoints and deployments stay on the public network although the data do not.')
param appPublicAccess bool = true
@description('Fabric workspaces and Synapse workspaces that may reach pstn-calls in spite of a private network.')
param trustedResources trustedResource[] = []

@allowed(['Basic', 'Standard', 'Premium'])
param serviceBusSku string = 'Standard'
param busRights serviceBusRights = 'senderAndReceiver'

@description('A vault for secrets of settings, such as that of a webhook.')
param keyVault bool = false
@description('Names of secrets in the vault by the setting that gets their value. Needs keyVault.')
param keyVaultReferences texts = {}

@description('Whether people may look at status, usage and report over HTTP: not at all, or a group after signing in.')
@allowed(['off', 'entra'])
param reportAccess string = 'off'
@description('Client id of the app registration that people sign in with.')
param reportClientId string = ''
@description('Object id of the group whose members may look.')
param reportGroupId string = ''

@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('An e-mail address that alerts go to, as azd can give it: PSTN_ALERT_EMAIL.')
param alertEmail string = ''
@description('More e-mail addresses that alerts go to.')
param alertEmails string[] = []
@description('Webhooks that alerts go to; an address holds its own key.')
param alertWebhooks secretTexts = {}
@description('Minutes between two runs of the timer: those of settings.PLAN_SCHEDULE.')
@allowed([5, 15, 30, 60])
param plannerPeriodMinutes int = 15

@minValue(30)
@maxValue(730)
param logRetentionDays int = 90
@description('Gigabytes of telemetry a day at most.')
@minValue(1)
param logDailyCapGb int = 1
@description('Records who reads and writes which blob. Costs by volume.')
param auditAccess bool = false

var token = uniqueString(subscription().id, resourceGroup().id, environmentName)
var allTags = union(tags, { 'azd-env-name': environmentName })
var serviceBusSuffix = environment().name == 'AzureUSGovernment'
  ? 'servicebus.usgovcloudapi.net'
  : 'servicebus.windows.net'

var hostAccountName = 'pstnhost${token}'
var dataAccountName = 'pstndata${token}'
var curatedAccountName = 'pstncalls${token}'
var namespaceName = 'sb-pstn-${token}'
var packageContainerName = 'app-package'

// Ids are put together here rather than taken from outputs: "what-if" then knows every resource beforehand.
var workspaceName = 'log-pstn-${token}'
var insightsName = 'appi-pstn-${token}'
var vaultName = 'kv-pstn-${token}'
var vnetName = 'vnet-pstn-${token}'
var workspaceId = resourceId('Microsoft.OperationalInsights/workspaces', workspaceName)
var storageSuffix = environment().suffixes.storage
var vaultSuffix = environment().name == 'AzureUSGovernment'
  ? 'vaultcore.usgovcloudapi.net'
  : 'vaultcore.azure.net'
var zoneNames = {
  blob: 'privatelink.blob.${storageSuffix}'
  dfs: 'privatelink.dfs.${storageSuffix}'
  table: 'privatelink.table.${storageSuffix}'
  serviceBus: 'privatelink.${serviceBusSuffix}'
  vault: 'privatelink.${vaultSuffix}'
  sites: environment().name == 'AzureUSGovernment'
    ? 'privatelink.azurewebsites.us'
    : 'privatelink.azurewebsites.net'
}
var endpoints = {
  endpointSubnetId: resourceId('Microsoft.Network/virtualNetworks/subnets', vnetName, 'endpoints')
  zones: mapValues(zoneNames, zone => resourceId('Microsoft.Network/privateDnsZones', zone))
}

// Said before anything is made, rather than by a sign-in that lets nobody in or a setting that is never there.
var checkedReportAccess = reportAccess == 'entra' && (length(reportClientId) != 36 || length(reportGroupId) != 36)
  ? fail('reportAccess "entra" needs reportClientId (the app registration) and reportGroupId (who may look), both GUIDs of 36 characters.')
  : reportAccess
var checkedReferences = !empty(keyVaultReferences) && !keyVault
  ? fail('keyVaultReferences needs keyVault: true. Without a vault these settings would have no value.')
  : keyVaultReferences
var receivers = union(empty(alertEmail) ? [] : [alertEmail], alertEmails)

var private privateNetwork? = privateNetworking ? endpoints : null

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  params: {
    token: token
    vnetName: vnetName
    location: location
    tags: allTags
    addressPrefix: addressPrefix
    zoneNames: map(items(zoneNames), zone => zone.value)
  }
}

module identities 'modules/identities.bicep' = {
  name: 'identities'
  params: {
    appIdentityName: 'id-pstn-${token}'
    alertIdentityName: 'id-pstn-alerts-${token}'
    location: location
    tags: allTags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    workspaceName: workspaceName
    insightsName: insightsName
    location: location
    tags: allTags
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
  }
}

module hostStorage 'modules/storageAccount.bicep' = {
  name: 'host-storage'
  params: {
    name: hostAccountName
    location: location
    tags: allTags
    containers: [packageContainerName]
    softDeleteDays: 7
    network: private
    privateEndpoints: ['blob']
    workspaceId: workspaceId
  }
  dependsOn: [monitoring, network]
}

// Names of containers and tables as in src/storage/names.ts.
module dataStorage 'modules/storageAccount.bicep' = {
  name: 'data-storage'
  params: {
    name: dataAccountName
    location: location
    tags: allTags
    sku: dataRedundancy
    versioning: true
    softDeleteDays: softDeleteDays
    containers: hierarchicalNamespace
      ? ['pstn-raw', 'pstn-control']
      : ['pstn-raw', 'pstn-calls', 'pstn-control']
    tables: ['windows', 'dailyTotals', 'monthlyTotals', 'alerts', 'budget']
    lifecycleRules: lifecycleRules(settings.?RAW_RETENTION_DAYS ?? 0, softDeleteDays)
    network: private
    privateEndpoints: ['blob', 'table']
    trustedResources: hierarchicalNamespace ? [] : trustedResources
    workspaceId: workspaceId
    auditAccess: auditAccess
  }
  dependsOn: [monitoring, network]
}

module curatedStorage 'modules/storageAccount.bicep' = if (hierarchicalNamespace) {
  name: 'curated-storage'
  params: {
    name: curatedAccountName
    location: location
    tags: allTags
    sku: dataRedundancy
    hierarchicalNamespace: true
    softDeleteDays: softDeleteDays
    containers: ['pstn-calls']
    network: private
    privateEndpoints: ['blob', 'dfs']
    trustedResources: trustedResources
    workspaceId: workspaceId
    auditAccess: auditAccess
  }
  dependsOn: [monitoring, network]
}

module serviceBus 'modules/serviceBus.bicep' = {
  name: 'service-bus'
  params: {
    name: namespaceName
    location: location
    tags: allTags
    // No other tier has private endpoints.
    sku: privateNetworking ? 'Premium' : serviceBusSku
    network: private
    workspaceId: workspaceId
  }
  dependsOn: [monitoring, network]
}

module vault 'modules/keyVault.bicep' = if (keyVault) {
  name: 'key-vault'
  params: {
    name: vaultName
    location: location
    tags: allTags
    network: private
    workspaceId: workspaceId
  }
  dependsOn: [monitoring, network]
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  params: {
    // Part of the names of the assignments: an identity that was made anew must not clash with its past.
    #disable-next-line what-if-short-circuiting
    appPrincipalId: identities.outputs.appPrincipalId
    #disable-next-line what-if-short-circuiting
    alertPrincipalId: identities.outputs.alertPrincipalId
    hostAccountName: hostAccountName
    dataAccountName: dataAccountName
    curatedAccountName: hierarchicalNamespace ? curatedAccountName : dataAccountName
    namespaceName: namespaceName
    workspaceName: workspaceName
    insightsName: insightsName
    vaultName: keyVault ? vaultName : ''
    busRights: busRights
    readers: readers
    readersMayReadRaw: readersMayReadRaw
    operators: operators
  }
  dependsOn: [hostStorage, dataStorage, curatedStorage, serviceBus, vault, monitoring]
}

module functionApp 'modules/functionApp.bicep' = {
  name: 'function-app'
  params: {
    planName: 'plan-pstn-${token}'
    name: 'func-pstn-${token}'
    location: location
    tags: allTags
    identityId: identities.outputs.appId
    identityClientId: identities.outputs.appClientId
    hostAccountName: hostAccountName
    packageContainerName: packageContainerName
    dataAccountName: dataAccountName
    curatedAccountName: hierarchicalNamespace ? curatedAccountName : ''
    serviceBusHost: '${namespaceName}.${serviceBusSuffix}'
    insightsConnectionString: monitoring.outputs.connectionString
    settings: settings
    keyVaultReferences: checkedReferences
    vaultUri: keyVault ? vault!.outputs.uri : ''
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    appSubnetId: privateNetworking
      ? resourceId('Microsoft.Network/virtualNetworks/subnets', vnetName, 'app')
      : null
    network: private
    publicAccess: appPublicAccess
    reportAccess: checkedReportAccess
    reportClientId: reportClientId
    reportGroupId: reportGroupId
  }
  // The app would start into refusals, and give up on its first messages.
  dependsOn: [roles]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    token: token
    location: location
    tags: allTags
    identityId: identities.outputs.alertId
    workspaceId: workspaceId
    namespaceId: resourceId('Microsoft.ServiceBus/namespaces', namespaceName)
    dataAccountId: resourceId('Microsoft.Storage/storageAccounts', dataAccountName)
    emails: receivers
    webhooks: alertWebhooks
    plannerPeriodMinutes: plannerPeriodMinutes
  }
  dependsOn: [roles]
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  params: {
    location: location
    tags: allTags
    workspaceId: workspaceId
  }
  dependsOn: [monitoring]
}

@description('The identity that gets the permission on Microsoft Graph: node scripts/grantGraph.mjs <this>.')
output appPrincipalId string = identities.outputs.appPrincipalId
output functionAppName string = functionApp.outputs.name
output healthUrl string = 'https://${functionApp.outputs.host}/api/health'
@description('The environment of the command line, for whoever is an operator.')
output commandLine texts = functionApp.outputs.commandLine
@description('Neither an address nor a webhook was given: alerts fire, and nobody hears of them.')
output alertsReachNobody bool = alerts.outputs.reachNobody

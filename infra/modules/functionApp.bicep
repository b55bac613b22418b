import { defaultSettings, pipelineSettings } from '../settings.bicep'
import { privateNetwork, resourceTags, texts } from '../types.bicep'

param planName string
param name string
param location string
param tags resourceTags

param identityId string
param identityClientId string

param hostAccountName string
param packageContainerName string
param dataAccountName string
@description('Empty: pstn-calls lies in the data account.')
param curatedAccountName string
param serviceBusHost string
param insightsConnectionString string

param settings pipelineSettings
@description('Names of secrets in the key vault by the setting that gets their value.')
param keyVaultReferences texts
@description('Empty: no key vault.')
param vaultUri string

@allowed([512, 2048, 4096])
param instanceMemoryMB int
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int

@description('The subnet that the app goes out through; null: the public network.')
param appSubnetId string?
param network privateNetwork?
@description('Whether the HTTP endpoints and deployments are reached over the public network.')
param publicAccess bool

@allowed(['off', 'entra'])
param reportAccess string
@description('Client id of the app registration that people sign in with; only for entra.')
param reportClientId string
@description('Object id of the group whose members may look; only for entra.')
param reportGroupId string

var blobSuffix = environment().suffixes.storage

// Nothing here is a secret: endpoints, ids of the identity, and what a person chose.
var connections = {
  AzureWebJobsStorage__blobServiceUri: 'https://${hostAccountName}.blob.${blobSuffix}'
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  DATA_STORAGE__blobServiceUri: 'https://${dataAccountName}.blob.${blobSuffix}'
  DATA_STORAGE__tableServiceUri: 'https://${dataAccountName}.table.${blobSuffix}'
  ServiceBusConnection__fullyQualifiedNamespace: serviceBusHost
  ServiceBusConnection__credential: 'managedidentity'
  ServiceBusConnection__clientId: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  AZURE_CLIENT_ID: identityClientId
  // Every trace is kept: a failure must never be the one that was sampled away.
  OTEL_TRACES_SAMPLER: 'microsoft.fixed_percentage'
  OTEL_TRACES_SAMPLER_ARG: '1.0'
  // The exporter tells its maker nothing about itself.
  APPLICATION_INSIGHTS_NO_STATSBEAT: 'true'
}
var curated = empty(curatedAccountName)
  ? {}
  : { CURATED_STORAGE__blobServiceUri: 'https://${curatedAccountName}.blob.${blobSuffix}' }
var chosen = mapValues(union(defaultSettings, settings), value => string(value))
var secrets = mapValues(
  keyVaultReferences,
  secret => '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${secret})'
)

// What a command needs to see the deployment as the app does. Who it is, it knows from the Azure CLI; what lies in the
// vault is not handed out.
var operatorSettings = union(
  {
    DATA_STORAGE__blobServiceUri: connections.DATA_STORAGE__blobServiceUri
    DATA_STORAGE__tableServiceUri: connections.DATA_STORAGE__tableServiceUri
    ServiceBusConnection__fullyQualifiedNamespace: connections.ServiceBusConnection__fullyQualifiedNamespace
  },
  curated,
  toObject(
    filter(items(chosen), setting => !contains(keyVaultReferences, setting.key)),
    setting => setting.key,
    setting => setting.value
  )
)

// What people would look at is off until somebody says who may: these functions do not even start.
var peopleFunctions = ['report', 'status', 'usage']
var closed = reportAccess == 'off'
  ? toObject(peopleFunctions, function => 'AzureWebJobs.${function}.Disabled', function => 'true')
  : {}
// Sign-in without a client secret: the identity vouches for the app registration (a federated credential).
var signInSetting = 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
var signIn = reportAccess == 'entra' ? { '${signInSetting}': identityClientId } : {}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'pipeline' })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
    virtualNetworkSubnetId: appSubnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: 'https://${hostAccountName}.blob.${blobSuffix}/${packageContainerName}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'node', version: '22' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      remoteDebuggingEnabled: false
      appSettings: map(
        items(union(connections, curated, chosen, secrets, closed, signIn)),
        setting => { name: setting.key, value: setting.value }
      )
    }
  }

  // Deployments come with a token of Microsoft Entra; there is no password to lose.
  resource noFtp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource noPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource authentication 'config' = if (reportAccess == 'entra') {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: {
        requireAuthentication: true
        unauthenticatedClientAction: 'Return401'
        // Says up or down and no more, to whoever asks.
        excludedPaths: ['/api/health']
      }
      httpSettings: { requireHttps: true }
      login: { tokenStore: { enabled: false } }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: reportClientId
            clientSecretSettingName: signInSetting
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          }
          validation: {
            allowedAudiences: [reportClientId, 'api://${reportClientId}']
            defaultAuthorizationPolicy: { allowedPrincipals: { groups: [reportGroupId] } }
          }
        }
      }
    }
  }
}

module endpoint 'privateEndpoint.bicep' = if (network != null && !publicAccess) {
  name: 'pe-${name}'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    targetId: site.id
    groupId: 'sites'
    subnetId: network!.endpointSubnetId
    zoneId: network!.zones.sites
  }
}

output name string = site.name
output host string = site.properties.defaultHostName
@description('The environment of the command line.')
output commandLine texts = operatorSettings

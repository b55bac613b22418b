// Two identities, so that each can be given only what it needs.
import { resourceTags } from '../types.bicep'

param appIdentityName string
param alertIdentityName string
param location string
param tags resourceTags

@description('What the function app is in Microsoft Entra.')
resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: appIdentityName
  location: location
  tags: tags
}

@description('What the alert rules are when they ask the workspace.')
resource alerts 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: alertIdentityName
  location: location
  tags: tags
}

output appId string = app.id
output appClientId string = app.properties.clientId
output appPrincipalId string = app.properties.principalId
output alertId string = alerts.id
output alertPrincipalId string = alerts.properties.principalId

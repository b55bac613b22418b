// Nothing but private endpoints; a Fabric workspace still reads pstn-calls.
using '../main.bicep'

param environmentName = 'pstn'
param location = 'westeurope'
param privateNetworking = true
param appPublicAccess = false
param keyVault = true
param dataRedundancy = 'Standard_ZRS'
param auditAccess = true
param alertEmails = ['telephony@example.com']
param trustedResources = [
  {
    tenantId: '11111111-1111-1111-1111-111111111111'
    resourceId: '/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/Fabric/providers/Microsoft.Fabric/workspaces/22222222-2222-2222-2222-222222222222'
  }
]

// The one permission that the pipeline needs outside of Azure: reading PSTN call logs of the tenant. A deployment
// of its own, by somebody who is Privileged Role Administrator or Global Administrator; scripts/grantGraph.mjs
// does the same without the extension, in every cloud.
//
//     az deployment group create -g <group> -f infra/graph/main.bicep -p principalId=<output appPrincipalId>
extension microsoftGraph

@description('Object id of the app\'s identity: the output appPrincipalId of the main deployment.')
@minLength(36)
@maxLength(36)
param principalId string

@description('CallRecords.Read.All is what the documentation of the call log names; CallRecord-PstnCalls.Read.All is narrower.')
@allowed(['CallRecords.Read.All', 'CallRecord-PstnCalls.Read.All'])
param permission string = 'CallRecords.Read.All'

var microsoftGraphAppId = '00000003-0000-0000-c000-000000000000'

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: microsoftGraphAppId
}

resource grant 'Microsoft.Graph/appRoleAssignedTo@v1.0' = {
  principalId: principalId
  resourceId: graph.id
  appRoleId: filter(graph.appRoles, role => role.value == permission)[0].id
}

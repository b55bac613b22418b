// One role on the Application Insights component. The name holds scope, principal and role: a second deployment finds the same
// assignment, and an identity that was made anew gets a new one instead of a clash.
param insightsName string
param principalId string
@allowed(['ServicePrincipal', 'Group', 'User'])
param principalType string
param roleId string
@description('Why it is needed; stands in the portal beside the assignment.')
param reason string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, principalId, roleId)
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
    description: reason
  }
}

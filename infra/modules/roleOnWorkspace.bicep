// One role on the Log Analytics workspace. The name holds scope, principal and role: a second deployment finds the same
// assignment, and an identity that was made anew gets a new one instead of a clash.
param workspaceName string
param principalId string
@allowed(['ServicePrincipal', 'Group', 'User'])
param principalType string
param roleId string
@description('Why it is needed; stands in the portal beside the assignment.')
param reason string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: workspace
  name: guid(workspace.id, principalId, roleId)
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
    description: reason
  }
}

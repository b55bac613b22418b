// One role on the key vault. The name holds scope, principal and role: a second deployment finds the same
// assignment, and an identity that was made anew gets a new one instead of a clash.
param vaultName string
param principalId string
@allowed(['ServicePrincipal', 'Group', 'User'])
param principalType string
param roleId string
@description('Why it is needed; stands in the portal beside the assignment.')
param reason string

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, principalId, roleId)
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
    description: reason
  }
}

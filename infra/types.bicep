@export()
@description('Tags of a resource.')
type resourceTags = { *: string }

@export()
@description('Texts by name.')
type texts = { *: string }

@export()
@secure()
@description('Texts by name that nobody should see.')
type secretTexts = { *: string }

@export()
@sealed()
@description('Somebody who gets access to data.')
type principal = {
  @description('Object id in Microsoft Entra.')
  @minLength(36)
  @maxLength(36)
  principalId: string
  principalType: 'ServicePrincipal' | 'Group' | 'User'
}

@export()
@sealed()
@description('A resource whose requests storage takes though its public network is closed.')
type trustedResource = {
  @description('The tenant of the resource.')
  @minLength(36)
  @maxLength(36)
  tenantId: string
  @description('''Resource id. Of a Fabric workspace:
/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/Fabric/providers/Microsoft.Fabric/workspaces/<workspace id>''')
  resourceId: string
}

@export()
@sealed()
@description('Where private endpoints stand; null if the network is public.')
type privateNetwork = {
  endpointSubnetId: string
  @description('Ids of the private DNS zones by service.')
  zones: {
    blob: string
    dfs: string
    table: string
    serviceBus: string
    vault: string
    sites: string
  }
}

@export()
@description('Which rights on Service Bus: sender and receiver are enough to work; owner lets the platform see the length of the queues, and so scale at once.')
type serviceBusRights = 'senderAndReceiver' | 'owner'

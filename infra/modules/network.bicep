// A network of its own: what the app talks to in Azure is reached by private endpoints, and Graph by one address.
import { resourceTags } from '../types.bicep'

param token string
param vnetName string
param location string
param tags resourceTags
@description('At least a /25.')
param addressPrefix string

param zoneNames string[]

resource rules 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-pstn-${token}'
  location: location
  tags: tags
}

resource address 'Microsoft.Network/publicIPAddresses@2024-05-01' = {
  name: 'pip-pstn-${token}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

@description('The way out to Microsoft Graph: a network without one reaches nothing outside of it.')
resource wayOut 'Microsoft.Network/natGateways@2024-05-01' = {
  name: 'ng-pstn-${token}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: address.id }] }
}

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: vnetName
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          defaultOutboundAccess: false
          natGateway: { id: wayOut.id }
          networkSecurityGroup: { id: rules.id }
          delegations: [
            { name: 'functions', properties: { serviceName: 'Microsoft.App/environments' } }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 1)
          defaultOutboundAccess: false
          networkSecurityGroup: { id: rules.id }
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
    ]
  }
}

module zones 'privateZone.bicep' = [
  for (zone, i) in zoneNames: {
    name: 'zone-${i}'
    params: { name: zone, vnetId: vnet.id, tags: tags }
  }
]

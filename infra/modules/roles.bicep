// Who may do what, and why: everything that is granted stands here.
import { principal, serviceBusRights } from '../types.bicep'

param appPrincipalId string
param alertPrincipalId string
param hostAccountName string
param dataAccountName string
@description('The account that holds pstn-calls: the data account, or one with a hierarchical namespace.')
param curatedAccountName string
param namespaceName string
param workspaceName string
param insightsName string
@description('Empty: no key vault.')
param vaultName string
param busRights serviceBusRights
param readers principal[]
param readersMayReadRaw bool
param operators principal[]

var roleIds = {
  blobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  blobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  blobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  tableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  serviceBusDataOwner: '090c5cfd-751d-490a-894a-3ce6f1109419'
  serviceBusDataReceiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
  serviceBusDataSender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
  metricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  secretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
}

var containers = [
  { name: 'pstn-raw', account: dataAccountName, operatorRole: roleIds.blobDataReader }
  { name: 'pstn-calls', account: curatedAccountName, operatorRole: roleIds.blobDataReader }
  // Records of refused messages: a replay of dead letters takes them away.
  { name: 'pstn-control', account: dataAccountName, operatorRole: roleIds.blobDataContributor }
]

module hostStorage 'roleOnAccount.bicep' = {
  name: 'role-host-storage'
  params: {
    accountName: hostAccountName
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleId: roleIds.blobDataOwner
    reason: 'The Functions host keeps leases, keys and the deployed package in this account, and nothing else is in it.'
  }
}

// By container, not by account: no more than these three.
module appContainers 'roleOnContainer.bicep' = [
  for container in containers: {
    name: 'role-app-${container.name}'
    params: {
      accountName: container.account
      containerName: container.name
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleId: roleIds.blobDataContributor
      reason: 'The pipeline reads and replaces its blobs in ${container.name}.'
    }
  }
]

// A transaction is addressed to the account, so a right on single tables would not do.
module appTables 'roleOnAccount.bicep' = {
  name: 'role-app-tables'
  params: {
    accountName: dataAccountName
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleId: roleIds.tableDataContributor
    reason: 'The pipeline keeps its ledger, totals, alerts and request budget in tables.'
  }
}

var busRoles = busRights == 'owner'
  ? [
      {
        key: 'owner'
        id: roleIds.serviceBusDataOwner
        reason: 'Sends and receives; and the platform may read the length of the queues, which it scales by.'
      }
    ]
  : [
      {
        key: 'sender'
        id: roleIds.serviceBusDataSender
        reason: 'The pipeline sends to its queues, scheduled messages included.'
      }
      {
        key: 'receiver'
        id: roleIds.serviceBusDataReceiver
        reason: 'The triggers receive from the queues; status peeks at dead letters.'
      }
    ]

module appBus 'roleOnNamespace.bicep' = [
  for role in busRoles: {
    name: 'role-app-bus-${role.key}'
    params: {
      namespaceName: namespaceName
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleId: role.id
      reason: role.reason
    }
  }
]

module appInsights 'roleOnInsights.bicep' = {
  name: 'role-app-insights'
  params: {
    insightsName: insightsName
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleId: roleIds.metricsPublisher
    reason: 'Telemetry is taken only with a token: local authentication is off.'
  }
}

module appSecrets 'roleOnVault.bicep' = if (!empty(vaultName)) {
  name: 'role-app-vault'
  params: {
    vaultName: vaultName
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleId: roleIds.secretsUser
    reason: 'The platform resolves Key Vault references in the settings as the app.'
  }
}

module alertReader 'roleOnWorkspace.bicep' = {
  name: 'role-alerts-workspace'
  params: {
    workspaceName: workspaceName
    principalId: alertPrincipalId
    principalType: 'ServicePrincipal'
    roleId: roleIds.reader
    reason: 'The alert rules query this workspace.'
  }
}

module readerCalls 'roleOnContainer.bicep' = [
  for (reader, i) in readers: {
    name: 'role-reader-${i}-calls'
    params: {
      accountName: curatedAccountName
      containerName: 'pstn-calls'
      principalId: reader.principalId
      principalType: reader.principalType
      roleId: roleIds.blobDataReader
      reason: 'Synapse, Fabric or an analyst reads the curated files.'
    }
  }
]

module readerRaw 'roleOnContainer.bicep' = [
  for (reader, i) in readers: if (readersMayReadRaw) {
    name: 'role-reader-${i}-raw'
    params: {
      accountName: dataAccountName
      containerName: 'pstn-raw'
      principalId: reader.principalId
      principalType: reader.principalType
      roleId: roleIds.blobDataReader
      reason: 'Granted by readersMayReadRaw: every call with its phone numbers.'
    }
  }
]

module operatorContainers 'roleOnContainer.bicep' = [
  for i in range(0, length(operators) * length(containers)): {
    name: 'role-operator-${i / length(containers)}-${containers[i % length(containers)].name}'
    params: {
      accountName: containers[i % length(containers)].account
      containerName: containers[i % length(containers)].name
      principalId: operators[i / length(containers)].principalId
      principalType: operators[i / length(containers)].principalType
      roleId: containers[i % length(containers)].operatorRole
      reason: 'Operates the pipeline by commands: status, backfill, rebuild.'
    }
  }
]

module operatorTables 'roleOnAccount.bicep' = [
  for (operator, i) in operators: {
    name: 'role-operator-${i}-tables'
    params: {
      accountName: dataAccountName
      principalId: operator.principalId
      principalType: operator.principalType
      roleId: roleIds.tableDataContributor
      reason: 'Operates the pipeline by commands: status, backfill, rebuild.'
    }
  }
]

module operatorBusSender 'roleOnNamespace.bicep' = [
  for (operator, i) in operators: {
    name: 'role-operator-${i}-sender'
    params: {
      namespaceName: namespaceName
      principalId: operator.principalId
      principalType: operator.principalType
      roleId: roleIds.serviceBusDataSender
      reason: 'A backfill sends window jobs.'
    }
  }
]

module operatorBusReceiver 'roleOnNamespace.bicep' = [
  for (operator, i) in operators: {
    name: 'role-operator-${i}-receiver'
    params: {
      namespaceName: namespaceName
      principalId: operator.principalId
      principalType: operator.principalType
      roleId: roleIds.serviceBusDataReceiver
      reason: 'Status peeks at the queues and their dead letters.'
    }
  }
]

// ADLS Gen2 for Fabric, readers and operators, sign-in for the report, a retention for raw files.
using '../main.bicep'

param environmentName = 'pstn'
param location = 'westeurope'
param hierarchicalNamespace = true
param busRights = 'owner'
param settings = {
  BILLING_DAY: 15
  RAW_RETENTION_DAYS: 400
}
param readers = [
  { principalId: '33333333-3333-3333-3333-333333333333', principalType: 'ServicePrincipal' }
]
param operators = [
  { principalId: '44444444-4444-4444-4444-444444444444', principalType: 'Group' }
]
param alertEmail = 'voice@example.com'
param reportAccess = 'entra'
param reportClientId = '55555555-5555-5555-5555-555555555555'
param reportGroupId = '66666666-6666-6666-6666-666666666666'

// Settings of the app that a person may choose. Names and defaults are those of src/config/schema.ts, and a test
// compares both. What the deployment knows by itself (endpoints, the identity) is added in functionApp.bicep.

@export()
@sealed()
@description('Settings that differ from their defaults.')
type pipelineSettings = {
  @description('The cloud the tenant lives in.')
  GRAPH_CLOUD: ('global' | 'usgov' | 'dod')?
  @description('beta has more columns, and may change at any time.')
  GRAPH_API_VERSION: ('v1.0' | 'beta')?
  @description('Limit of one call log in any 60 seconds.')
  @minValue(1)
  @maxValue(100000)
  GRAPH_REQUESTS_PER_MINUTE: int?
  @description('Limit of all call logs of this app and tenant in any 60 seconds.')
  @minValue(1)
  @maxValue(100000)
  GRAPH_APP_REQUESTS_PER_MINUTE: int?
  @description('How far clocks, network and sending may delay a request.')
  @minValue(0)
  @maxValue(60000)
  GRAPH_BUDGET_MARGIN_MS: int?
  @description('NCRONTAB with six fields, UTC. If it is not every 15 minutes, set plannerPeriodMinutes as well.')
  PLAN_SCHEDULE: string?
  @description('Hours after the end of a window at which it is read again, ascending, separated by commas.')
  REREAD_HOURS: string?
  @description('Older windows are read again each so many days.')
  @minValue(1)
  @maxValue(88)
  SWEEP_DAYS: int?
  @description('Hours after the end of a window from which a read of it is final.')
  @minValue(1)
  @maxValue(1920)
  SETTLE_HOURS: int?
  @description('A read that lost rows is believed when a second one, this much later, agrees.')
  @minValue(0)
  @maxValue(1440)
  SHRINK_CONFIRM_MINUTES: int?
  @description('How many days back Graph is trusted to answer.')
  @minValue(1)
  @maxValue(365)
  SOURCE_DAYS: int?
  @description('How many days before the first start are read.')
  @minValue(0)
  @maxValue(365)
  INITIAL_BACKFILL_DAYS: int?
  @description('Days after which raw blobs expire, by a rule of the storage account; 0 keeps them for ever.')
  @minValue(0)
  @maxValue(36500)
  RAW_RETENTION_DAYS: int?
  @description('Day of the month on which a billing month begins, UTC.')
  @minValue(1)
  @maxValue(28)
  BILLING_DAY: int?
}

@export()
var defaultSettings = {
  GRAPH_CLOUD: 'global'
  GRAPH_API_VERSION: 'v1.0'
  GRAPH_REQUESTS_PER_MINUTE: 50
  GRAPH_APP_REQUESTS_PER_MINUTE: 200
  GRAPH_BUDGET_MARGIN_MS: 2500
  PLAN_SCHEDULE: '0 */15 * * * *'
  REREAD_HOURS: '1,3,6,12,24,48,72'
  SWEEP_DAYS: 7
  SETTLE_HOURS: 72
  SHRINK_CONFIRM_MINUTES: 60
  SOURCE_DAYS: 88
  INITIAL_BACKFILL_DAYS: 85
  RAW_RETENTION_DAYS: 0
  BILLING_DAY: 1
}

// What an operator hears of, before a user asks. Queries are in ../kql, one file a rule.
import { resourceTags, secretTexts } from '../types.bicep'

param token string
param location string
param tags resourceTags
@description('The identity that queries the workspace.')
param identityId string
param workspaceId string
param namespaceId string
param dataAccountId string
param emails string[]
param webhooks secretTexts
param plannerPeriodMinutes int

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-pstn-${token}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'pstn'
    emailReceivers: [
      for (email, i) in emails: { name: 'email-${i}', emailAddress: email, useCommonAlertSchema: true }
    ]
    webhookReceivers: map(items(webhooks), webhook => {
      name: webhook.key
      serviceUri: webhook.value
      useCommonAlertSchema: true
    })
  }
}

// Two periods of the timer, as a window that the service knows.
var timerWindows = { '5': 'PT10M', '15': 'PT30M', '30': 'PT1H', '60': 'PT2H' }
var timerWindow = timerWindows[string(plannerPeriodMinutes)]

// A rule that fires says what to do next: it is read at night.
var queryRules = [
  {
    name: 'timerStopped'
    title: 'The timer has stopped'
    description: 'planWindows did not finish a run in two periods: nothing is read any more, though the health check may be green. Restart the app, look at its log, run "pstn status".'
    severity: 1
    query: loadTextContent('../kql/timerStopped.kql')
    measure: 'Ticks'
    aggregation: 'Maximum'
    dimensions: []
    operator: 'LessThan'
    threshold: 1
    window: timerWindow
    frequency: 'PT5M'
    failing: 1
    periods: 1
  }
  {
    name: 'functionsFailing'
    title: 'A function keeps failing'
    description: 'More than 20 executions of a function failed in each of two quarters of an hour. Without permission on Microsoft Graph it is fetchWindows; the log names the reason.'
    severity: 2
    query: loadTextContent('../kql/functionsFailing.kql')
    measure: 'Failures'
    aggregation: 'Total'
    dimensions: [{ name: 'Function', operator: 'Include', values: ['*'] }]
    operator: 'GreaterThan'
    threshold: 20
    window: 'PT15M'
    frequency: 'PT15M'
    failing: 2
    periods: 2
  }
  {
    name: 'coverageGap'
    title: 'Hours are missing'
    description: 'Hours that should have been read were not, for three hours. "pstn status" names them, with the reason.'
    severity: 2
    query: loadTextContent('../kql/coverageGap.kql')
    measure: 'GapHours'
    aggregation: 'Minimum'
    dimensions: []
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT1H'
    frequency: 'PT1H'
    failing: 3
    periods: 3
  }
  {
    name: 'gapExpires'
    title: 'Calls are about to be lost, or files are gone'
    description: 'Hours that were never read are about to leave what Microsoft Graph still answers, or raw files are missing. Run "pstn status" and then "pstn backfill" today.'
    severity: 1
    query: loadTextContent('../kql/gapExpires.kql')
    measure: 'Found'
    aggregation: 'Maximum'
    dimensions: []
    operator: 'GreaterThan'
    threshold: 0
    // Said once a day: a record that comes in late must still fall into one of the windows.
    window: 'PT2H'
    frequency: 'PT1H'
    failing: 1
    periods: 1
  }
  {
    name: 'rejectedRows'
    title: 'Rows do not fit'
    description: 'Rows of Microsoft Graph do not fit the schema. They are kept below rejected/v1/ in pstn-raw, each with its reason, and are in no total.'
    severity: 3
    query: loadTextContent('../kql/rejectedRows.kql')
    measure: 'NewRows'
    aggregation: 'Maximum'
    dimensions: []
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT2H'
    frequency: 'PT1H'
    failing: 1
    periods: 1
  }
  {
    name: 'budgetExhausted'
    title: 'The request budget was used up for a day'
    description: 'For a whole day nearly every request that Microsoft Graph allows was made. Is a large backfill running? Otherwise the tenant makes more calls than are read.'
    severity: 3
    query: loadTextContent('../kql/budgetExhausted.kql')
    measure: 'UsedPercent'
    aggregation: 'Maximum'
    dimensions: []
    // Of a hundred: the service takes whole numbers only.
    operator: 'GreaterThanOrEqual'
    threshold: 95
    window: 'P1D'
    frequency: 'PT6H'
    failing: 1
    periods: 1
  }
]

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in queryRules: {
    name: 'pstn-${rule.name}-${token}'
    location: location
    tags: tags
    kind: 'LogAlert'
    identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
    properties: {
      displayName: 'PSTN usage: ${rule.title}'
      description: rule.description
      enabled: true
      severity: rule.severity
      scopes: [workspaceId]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      autoMitigate: true
      // The tables come with the first telemetry, which is later than the rule.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            metricMeasureColumn: rule.measure
            timeAggregation: rule.aggregation
            dimensions: rule.dimensions
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: {
              minFailingPeriodsToAlert: rule.failing
              numberOfEvaluationPeriods: rule.periods
            }
          }
        ]
      }
      actions: { actionGroups: [operators.id] }
    }
  }
]

resource deadLetters 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'pstn-deadLetters-${token}'
  location: 'global'
  tags: tags
  properties: {
    description: 'Messages were given up after ten tries. "pstn status" shows which, and why.'
    enabled: true
    severity: 2
    scopes: [namespaceId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'deadLetters'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          metricName: 'DeadletteredMessages'
          dimensions: [{ name: 'EntityName', operator: 'Include', values: ['*'] }]
          timeAggregation: 'Maximum'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: [{ actionGroupId: operators.id }]
  }
}

resource throttling 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'pstn-storageThrottled-${token}'
  location: 'global'
  tags: tags
  properties: {
    description: 'The data storage turned requests away, a hundred in a quarter of an hour: too many at once for the account.'
    enabled: true
    severity: 3
    scopes: [dataAccountId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'throttled'
          metricNamespace: 'Microsoft.Storage/storageAccounts'
          metricName: 'Transactions'
          dimensions: [
            {
              name: 'ResponseType'
              operator: 'Include'
              values: [
                'ClientThrottlingError'
                'ClientAccountBandwidthThrottlingError'
                'ClientAccountRequestThrottlingError'
                'ServerBusyError'
              ]
            }
          ]
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 100
        }
      ]
    }
    actions: [{ actionGroupId: operators.id }]
  }
}

// Of the group that was made, not of the parameter: an address of a webhook holds a key.
output reachNobody bool = empty(operators.properties.emailReceivers) && empty(operators.properties.webhookReceivers)

// What expires in the data account, and when.

type lifecycleActions = {
  baseBlob: { delete: { daysAfterModificationGreaterThan: int } }?
  version: { delete: { daysAfterCreationGreaterThan: int } }?
}

@export()
@sealed()
type lifecycleRule = {
  name: string
  enabled: bool
  type: 'Lifecycle'
  definition: {
    filters: { blobTypes: string[], prefixMatch: string[] }
    actions: lifecycleActions
  }
}

@export()
@description('Rules of a storage account. rawRetentionDays 0 keeps raw blobs for ever; versionDays is how long a raw blob that was replaced can be brought back.')
func lifecycleRules(rawRetentionDays int, versionDays int) lifecycleRule[] =>
  concat(
    [
      // Rewritten all the time, and made again from the raw files when lost.
      rule('derived-versions', ['pstn-calls/', 'pstn-control/'], {
        version: { delete: { daysAfterCreationGreaterThan: 1 } }
      })
      rule('raw-versions', ['pstn-raw/'], {
        version: { delete: { daysAfterCreationGreaterThan: versionDays } }
      })
    ],
    // A blob is written last in the days after its calls, so it expires no earlier than its calls.
    rawRetentionDays > 0
      ? [
          rule('raw-retention', ['pstn-raw/'], {
            baseBlob: { delete: { daysAfterModificationGreaterThan: rawRetentionDays } }
          })
        ]
      : []
  )

func rule(name string, prefixes string[], actions lifecycleActions) lifecycleRule => {
  name: name
  enabled: true
  type: 'Lifecycle'
  definition: { filters: { blobTypes: ['blockBlob'], prefixMatch: prefixes }, actions: actions }
}

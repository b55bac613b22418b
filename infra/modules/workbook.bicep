import { resourceTags } from '../types.bicep'

param location string
param tags resourceTags
param workspaceId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  // A workbook's name is a GUID: the same one for the same workspace.
  name: guid(workspaceId, 'pstn-usage')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'PSTN usage pipeline'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: loadTextContent('../workbook.json')
  }
}

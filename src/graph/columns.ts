/**
 * The properties of `microsoft.graph.callRecords.pstnCallLogRow`, in wire order, v1.0 and beta together.
 * Every one may be null. Source: the API's reference page and metadata document.
 *
 * Kinds: `text` as sent; `instant` text with up to 7 fractional digits of a second, UTC; `seconds` Int32;
 * `money` a decimal of at most 6 places below 1e9, in the row's `currency`; `collection` kept as JSON text.
 */
export const COLUMNS = [
  { name: 'id', kind: 'text' },
  { name: 'callId', kind: 'text' },
  { name: 'userId', kind: 'text' },
  { name: 'userPrincipalName', kind: 'text' },
  { name: 'userDisplayName', kind: 'text' },
  { name: 'startDateTime', kind: 'instant' },
  { name: 'endDateTime', kind: 'instant' },
  { name: 'duration', kind: 'seconds' },
  { name: 'charge', kind: 'money' },
  { name: 'callType', kind: 'text' },
  { name: 'currency', kind: 'text' },
  { name: 'calleeNumber', kind: 'text' },
  { name: 'usageCountryCode', kind: 'text' },
  { name: 'tenantCountryCode', kind: 'text' },
  { name: 'connectionCharge', kind: 'money' },
  { name: 'callerNumber', kind: 'text' },
  { name: 'destinationContext', kind: 'text' },
  { name: 'destinationName', kind: 'text' },
  { name: 'conferenceId', kind: 'text' },
  { name: 'licenseCapability', kind: 'text' },
  { name: 'inventoryType', kind: 'text' },
  { name: 'operator', kind: 'text' },
  { name: 'callDurationSource', kind: 'text' },
  { name: 'otherPartyCountryCode', kind: 'text' },
  { name: 'clientPublicIpV4Address', kind: 'text' },
  { name: 'clientPublicIpV6Address', kind: 'text' },
  { name: 'clientLocalIpV4Address', kind: 'text' },
  { name: 'clientLocalIpV6Address', kind: 'text' },
  { name: 'administrativeUnitInfos', kind: 'collection' },
] as const satisfies readonly { name: string; kind: ColumnKind }[];

export type ColumnKind = 'text' | 'instant' | 'seconds' | 'money' | 'collection';
export type ColumnName = (typeof COLUMNS)[number]['name'];

/** The 30th column of what is landed: properties that are not in {@link COLUMNS}, as JSON text, or null. */
export const ADDITIONAL_COLUMN = 'additionalProperties';

import { parseInstant, type Instant } from '../../graph/instant.ts';
import type { PlannedCall } from './calls.ts';
import { HOUR_MS, dayOf, tickOf } from './ticks.ts';
import type { PstnCallRow } from './wire.ts';

/** The row of the API's reference page, which is part of every tenant. */
export const EXAMPLE_ROW = {
  id: '9c4984c7-6c3c-427d-a30c-bd0b2eacee90',
  callId: '1835317186_112562680@61.221.3.176',
  userId: 'db03c14b-06eb-4189-939b-7cbf3a20ba27',
  userPrincipalName: 'richard.malk@contoso.com',
  userDisplayName: 'Richard Malk',
  startDateTime: '2019-11-01T00:00:08.2589935Z',
  endDateTime: '2019-11-01T00:03:47.2589935Z',
  duration: 219,
  charge: { literal: '0.00' },
  callType: 'user_in',
  currency: 'USD',
  calleeNumber: '+1234567890',
  usageCountryCode: 'US',
  tenantCountryCode: 'US',
  connectionCharge: { literal: '0.00' },
  callerNumber: '+0123456789',
  destinationContext: null,
  destinationName: 'United States',
  conferenceId: null,
  licenseCapability: 'MCOPSTNU',
  inventoryType: 'Subscriber',
  operator: 'Microsoft',
  callDurationSource: 'microsoft',
  otherPartyCountryCode: 'US',
  clientPublicIpV4Address: '99.76.33.16',
  clientPublicIpV6Address: '1234:fd2:5621:1:89::4500',
  clientLocalIpV4Address: '192.168.1.165',
  clientLocalIpV6Address: '2600:1700:1dca:8110::40',
  administrativeUnitInfos: [
    { id: '639b616c-f164-4a6f-a933-24936b8eb210' },
    { id: 'cc6ea167-4e92-4c2d-9391-85791e978006' },
  ],
} as const satisfies PstnCallRow;

const START = parseInstant(EXAMPLE_ROW.startDateTime) as Instant;
const LATENCY_MS = 36 * HOUR_MS;
const INDEX = 2_000_000_000;

/** The example's call on its day, none on any other. It never changes. */
export function exampleCalls(day: number): PlannedCall[] {
  if (day !== dayOf(START)) return [];
  const publication = { publishedMs: START.epochMs + LATENCY_MS, revision: undefined };
  return [{ day, index: INDEX, tick: tickOf(START), user: undefined, publication, fixed: EXAMPLE_ROW }];
}

import {
  CALL_TYPES,
  CONFERENCE_LICENCES,
  OPERATOR_LICENCE,
  PAY_AS_YOU_GO,
  VOICE_APP_LICENCES,
  type CallType,
  type Licence,
} from './callTypes.ts';
import type { CallPlan, PlannedCall } from './calls.ts';
import { DESTINATIONS, destinationOf, type Destination, type Office } from './countries.ts';
import { addedMicrosAt } from './publication.ts';
import { STREAM, randomOf, type Random } from './random.ts';
import { TICKS_A_MS, instantText } from './ticks.ts';
import { phoneNumber, type Directory, type TenantUser } from './users.ts';
import { moneyLiteral, type PstnCallRow, type WireRow, type WireValue } from './wire.ts';

const TENANT_COUNTRY = 'US';
const ZERO_SECONDS_SHARE = 0.06;
const INTERNATIONAL_SHARE = 0.18;
const OPERATOR = 'Fabrikam Telecom';

/** The row of a call as Graph would return it at `nowMs`, if the call is visible then. */
export function rowOf(plan: CallPlan, call: PlannedCall, nowMs: number): WireRow {
  const row = call.fixed ?? madeRow(plan, call, addedMicrosAt(call.publication, nowMs));
  return call.alter === undefined ? row : call.alter(row);
}

function madeRow({ seed, directory }: CallPlan, call: PlannedCall, addedMicros: number): PstnCallRow {
  const random = randomOf(seed, STREAM.row, call.day, call.index);
  const id = random.guid();
  const user = call.user ?? random.pick(directory.resourceAccounts);
  const type = call.event?.callType ?? random.weighted(CALL_TYPES);
  const seconds = call.event?.durationSeconds ?? secondsOf(random, type);
  const licence = call.event === undefined ? licenceOf(random, type, user) : PAY_AS_YOU_GO;
  const home = destinationOf(user.office.code);
  const other = call.event?.destination ?? otherPartyOf(random, home);
  const price = priceOf(type, licence, user.office, other, seconds);
  const external = masked(phoneNumber(random, other.dialPrefix), user.office.mask);
  const byOperator = licence.name === OPERATOR_LICENCE;
  const unassigned = type.party === 'nobody';
  return {
    id,
    callId: random.chance(0.5)
      ? random.hex(32)
      : `${random.digits(10)}_${random.digits(9)}@203.0.113.${random.below(256)}`,
    ...partyOf(random, type, user, directory),
    startDateTime: instantText(call.day, call.tick),
    endDateTime: instantText(call.day, call.tick + seconds * 1_000 * TICKS_A_MS),
    duration: seconds,
    charge: unassigned ? null : moneyLiteral(price.chargeMicros + addedMicros),
    callType: type.name,
    currency: unassigned ? null : user.office.currency,
    calleeNumber: type.inbound ? user.number : external,
    usageCountryCode: user.office.code,
    tenantCountryCode: TENANT_COUNTRY,
    connectionCharge: moneyLiteral(price.connectionMicros),
    callerNumber: type.inbound ? external : user.number,
    destinationContext: type.inbound ? null : other === home ? 'Domestic' : 'International',
    destinationName: type.inbound ? home.name : other.name,
    conferenceId: type.party === 'organizer' ? random.digits(9) : null,
    licenseCapability: unassigned ? null : licence.name,
    inventoryType: type.party === 'user' ? 'Subscriber' : 'Service',
    operator: byOperator ? OPERATOR : 'Microsoft',
    callDurationSource: byOperator ? 'operator' : 'microsoft',
    otherPartyCountryCode: other.code,
    ...clientOf(random, type),
    administrativeUnitInfos: random.chance(0.2) ? [{ id: random.pick(directory.administrativeUnits) }] : [],
  };
}

function secondsOf(random: Random, { meanSeconds }: CallType): number {
  if (random.chance(ZERO_SECONDS_SHARE)) return 0;
  return Math.ceil(-Math.log(1 - random.unit()) * meanSeconds);
}

function licenceOf(random: Random, type: CallType, user: TenantUser): Licence {
  if (type.party === 'organizer') return random.weighted(CONFERENCE_LICENCES);
  return type.party === 'voiceApp' ? random.weighted(VOICE_APP_LICENCES) : user.licence;
}

function otherPartyOf(random: Random, home: Destination): Destination {
  return random.chance(INTERNATIONAL_SHARE)
    ? random.weighted(DESTINATIONS.filter((destination) => destination !== home))
    : home;
}

/** Begun minutes at a rate of whole millionths of the office's currency. */
function priceOf(type: CallType, licence: Licence, office: Office, other: Destination, seconds: number) {
  const kind = type.inbound ? 'inbound' : other.code === office.code ? 'domestic' : 'international';
  if (seconds === 0 || !licence.charged[kind]) return { chargeMicros: 0, connectionMicros: 0 };
  const toOffice = (microUsd: number): number => Math.round(microUsd * office.unitsPerUsd);
  return {
    chargeMicros: toOffice(other.microUsdPerMinute) * Math.ceil(seconds / 60),
    connectionMicros: toOffice(other.connectionMicroUsd),
  };
}

const masked = (number: string, mask: string): string =>
  `${number.slice(0, number.length - mask.length)}${mask}`;

/** Voice apps are named by a resource account, or not at all, by null or by empty text. */
function partyOf(random: Random, type: CallType, user: TenantUser, { resourceAccounts }: Directory) {
  const named = ({ id, userPrincipalName, displayName }: TenantUser) => ({
    userId: id,
    userPrincipalName,
    userDisplayName: displayName,
  });
  const unnamed = (userId: '' | null) => ({ userId, userPrincipalName: null, userDisplayName: null });
  if (type.party === 'nobody') return unnamed(null);
  if (type.party !== 'voiceApp') return named(user);
  if (random.chance(0.6)) return named(random.pick(resourceAccounts));
  return unnamed(random.chance(0.5) ? null : '');
}

/** Addresses of the Teams client: only users have one, and not every call reports it. */
function clientOf(random: Random, type: CallType) {
  const reported = type.party === 'user' && random.chance(0.8);
  const orNull = (text: string): WireValue => (reported ? text : null);
  return {
    clientPublicIpV4Address: orNull(`198.51.100.${random.below(256)}`),
    clientPublicIpV6Address: orNull(`2001:db8:${random.hex(4)}::${random.hex(4)}`),
    clientLocalIpV4Address: orNull(`192.168.${random.below(256)}.${random.between(1, 254)}`),
    clientLocalIpV6Address: orNull(`2001:db8:ffff:${random.hex(4)}::${random.hex(4)}`),
  };
}

import type { Random } from '../../../src/local/graph/random.ts';
import type { WireRow } from '../../support/plainGraph.ts';

/** How a day's log looks, and how it changes. */
export interface LogPlan {
  date: string;
  /** Hours in which calls start, `[from, to)`. */
  fromHour: number;
  toHour: number;
  rows: number;
  users: number;
}

const CURRENCIES = ['EUR', 'USD', 'GBP', null];
const TYPES = ['user_out', 'user_in', 'conf_out', 'ucap_in', 'odd'];
const COUNTRIES = ['DE', 'US', 'GB', 'FR', 'JP'];

/** The calls of a day as they are first known. */
export function firstLog(plan: LogPlan, random: Random): WireRow[] {
  return Array.from({ length: plan.rows }, () => call(plan, random));
}

/**
 * The log some time later: calls that came late, were corrected, withdrawn, or moved to another hour. Now and then
 * an hour's calls are gone altogether.
 */
export function laterLog(plan: LogPlan, before: readonly WireRow[], random: Random): WireRow[] {
  const lostHour = random.chance(0.15) ? hourText(random.between(plan.fromHour, plan.toHour - 1)) : undefined;
  const kept = before.flatMap((row): WireRow[] => {
    if (lostHour !== undefined && row.startDateTime.slice(11, 13) === lostHour) return [];
    const what = random.below(100);
    if (what < 3) return [];
    if (what < 8) return [{ ...row, charge: random.between(0, 5_000_000) / 1_000_000 }];
    if (what < 11) return [{ ...row, startDateTime: start(plan, random) }];
    if (what < 12) return [{ ...row, charge: 0.000_000_1 }];
    return [row];
  });
  const late = Array.from({ length: random.between(0, Math.ceil(plan.rows / 8)) }, () => call(plan, random));
  return [...kept, ...late];
}

function call(plan: LogPlan, random: Random): WireRow {
  const user = random.below(plan.users);
  const nobody = random.chance(0.03);
  const startDateTime = start(plan, random);
  return {
    id: random.guid(),
    callId: random.digits(10),
    userId: nobody ? null : userId(user),
    userPrincipalName: nobody ? null : `user${user}@contoso.com`,
    userDisplayName: nobody ? null : `Üser ${user}`,
    startDateTime,
    endDateTime: startDateTime,
    duration: random.below(4_000),
    charge: random.chance(0.1) ? null : random.between(0, 9_000_000) / 1_000_000,
    callType: random.pick(TYPES),
    currency: random.pick(CURRENCIES),
    calleeNumber: '+4930123***',
    usageCountryCode: random.pick(COUNTRIES),
    tenantCountryCode: 'DE',
    connectionCharge: random.pick([0, 0.01, 0.125]),
    callerNumber: '+49301234567',
    destinationContext: 'Domestic',
    destinationName: random.pick(['Germany', 'United States', 'France']),
    conferenceId: null,
    licenseCapability: random.pick(['MCOPSTN1', 'MCOPSTN2']),
    inventoryType: 'Subscriber',
    operator: 'Microsoft',
    callDurationSource: 'microsoft',
  };
}

/** On the boundary of an hour more often than by chance. */
function start({ date, fromHour, toHour }: LogPlan, random: Random): string {
  const hour = hourText(random.between(fromHour, toHour - 1));
  const edge = random.below(20);
  if (edge === 0) return `${date}T${hour}:00:00.0000000Z`;
  if (edge === 1) return `${date}T${hour}:59:59.9999999Z`;
  const minute = String(random.below(60)).padStart(2, '0');
  const second = String(random.below(60)).padStart(2, '0');
  return `${date}T${hour}:${minute}:${second}.${random.digits(7)}Z`;
}

const hourText = (hour: number): string => String(hour).padStart(2, '0');
const userId = (user: number): string => `0b7e5c1a-aaaa-4b3c-9d5e-${user.toString(16).padStart(12, '0')}`;

import { ADDITIONAL_COLUMN, COLUMNS } from '../../src/graph/columns.ts';

/** One call of a made-up day. What differs between calls is given; the rest is alike. */
export interface DayRow {
  /** Number of the call in its day: gives the id. */
  call: number;
  /** Number of the user. */
  user: number;
  hour: number;
  chargeMicros: number;
  currency: string;
  /** By which the breakdowns of the day differ. */
  destination: number;
}

const COUNTRIES = ['US', 'DE', 'CH', 'JP', 'BR', 'FR', 'GB', 'IN'];

/** A GUID that tells its number. */
const guid = (kind: string, number: number): string =>
  `${kind.repeat(8)}-${((number * 40_503) % 65_536).toString(16).padStart(4, '0')}-4000-8000-${number
    .toString(16)
    .padStart(12, '0')}`;

export const userIdOf = ({ user }: DayRow): string => guid('a', user);
export const destinationOf = ({ destination }: DayRow): string => `Destination ${destination}`;
export const countryOf = ({ destination }: DayRow): string => COUNTRIES[destination % COUNTRIES.length] ?? '';

/** The line of a raw blob. */
export function toLine(date: string, row: DayRow): string {
  const { call, user, hour, chargeMicros, currency } = row;
  const second = call % 3_600;
  const two = (value: number): string => String(value).padStart(2, '0');
  const start = `${date}T${two(hour)}:${two(Math.floor(second / 60))}:${two(second % 60)}.${String(call % 10_000_000).padStart(7, '0')}Z`;
  const values: Record<string, string | number> = {
    id: guid('c', call),
    callId: guid('d', call),
    userId: userIdOf(row),
    userPrincipalName: `user.${user}@contoso.example`,
    userDisplayName: `User Number ${user}`,
    startDateTime: start,
    endDateTime: start,
    duration: 60 + (call % 600),
    callType: call % 3 === 0 ? 'user_in' : 'user_out',
    currency,
    calleeNumber: '+155501*****',
    usageCountryCode: countryOf(row),
    tenantCountryCode: 'US',
    callerNumber: '+155502*****',
    destinationContext: 'International',
    destinationName: destinationOf(row),
    licenseCapability: 'MCOPSTN2',
    inventoryType: 'Subscriber',
    operator: 'Microsoft',
    callDurationSource: 'microsoft',
  };
  const cells = [...COLUMNS.map(({ name }) => name), ADDITIONAL_COLUMN].map((name) => {
    if (name === 'charge') return `"charge":${(chargeMicros / 1e6).toFixed(6)}`;
    if (name === 'connectionCharge') return '"connectionCharge":0.000000';
    return `"${name}":${JSON.stringify(values[name] ?? null)}`;
  });
  return `{${cells.join(',')}}\n`;
}

export const toBody = (date: string, rows: readonly DayRow[]): Buffer =>
  Buffer.from(rows.map((row) => toLine(date, row)).join(''));

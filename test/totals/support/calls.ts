import fc from 'fast-check';
import { COLUMNS } from '../../../src/graph/columns.ts';

/** A call as a test thinks of it: whole numbers, from which the landed text is written. */
export interface TestCall {
  id: string | null;
  userId: string | null;
  userPrincipalName: string | null;
  userDisplayName: string | null;
  /** 100 ns after the beginning of its hour. */
  ticks: number;
  duration: number | null;
  chargeMicros: number | null;
  connectionMicros: number | null;
  callType: string | null;
  currency: string | null;
  usageCountryCode: string | null;
  destinationName: string | null;
  licenseCapability: string | null;
  inventoryType: string | null;
  operator: string | null;
}

/** One raw blob. */
export interface TestBlob {
  hour: number;
  claim: number;
  calls: TestCall[];
}

export const TICKS_AN_HOUR = 36_000_000_000;

export const startText = (date: string, hour: number, ticks: number): string => {
  const seconds = Math.floor(ticks / 10_000_000);
  const two = (value: number) => String(value).padStart(2, '0');
  const fraction = String(ticks % 10_000_000).padStart(7, '0');
  return `${date}T${two(hour)}:${two(Math.floor(seconds / 60))}:${two(seconds % 60)}.${fraction}Z`;
};

const moneyText = (micros: number): string => {
  const digits = String(Math.abs(micros)).padStart(7, '0');
  return `${micros < 0 ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
};

/** The line of a raw blob, all 30 columns, money with 6 decimals. */
export function toLine(date: string, hour: number, call: TestCall): string {
  const { ticks, chargeMicros, connectionMicros, ...rest } = call;
  const money = { charge: chargeMicros, connectionCharge: connectionMicros };
  const values: Record<string, unknown> = { ...rest, startDateTime: startText(date, hour, ticks) };
  const cells = [...COLUMNS.map(({ name }) => name), 'additionalProperties'].map((name) => {
    const micros = name === 'charge' || name === 'connectionCharge' ? money[name] : null;
    return `"${name}":${micros === null ? JSON.stringify(values[name] ?? null) : moneyText(micros)}`;
  });
  return `{${cells.join(',')}}\n`;
}

export const toBody = (date: string, blob: TestBlob): Uint8Array =>
  Buffer.from(blob.calls.map((call) => toLine(date, blob.hour, call)).join(''));

let made = 0;

/** A call with an id of its own. */
export const aCall = (change: Partial<TestCall> = {}): TestCall => ({
  id: `call-${++made}`,
  userId: 'user-a',
  userPrincipalName: 'a@example.test',
  userDisplayName: 'A',
  ticks: made,
  duration: 60,
  chargeMicros: 120_000,
  connectionMicros: 0,
  callType: 'user_out',
  currency: 'USD',
  usageCountryCode: 'US',
  destinationName: 'United States',
  licenseCapability: 'MCOPSTN1',
  inventoryType: 'Subscriber',
  operator: 'Microsoft',
  ...change,
});

const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 5 });

/** Few users, ids and instants, so that they meet often. */
export const anyCall: fc.Arbitrary<TestCall> = fc.record({
  id: maybe(fc.integer({ min: 1, max: 30 }).map((id) => `id-${id}`)),
  userId: maybe(oneOf('u1', 'U1', 'u2', '-', '---', '', ' ', 'a/b#c?d%e|f\\g', '!day', 'İ😀')),
  userPrincipalName: maybe(oneOf('one@x.test', 'two@x.test', '')),
  userDisplayName: maybe(oneOf('One', 'Two', '二', ' ')),
  ticks: fc.oneof(oneOf(0, 1, TICKS_AN_HOUR - 1), fc.integer({ min: 0, max: TICKS_AN_HOUR - 1 })),
  duration: maybe(fc.integer({ min: 0, max: 2 ** 31 - 1 })),
  chargeMicros: maybe(fc.oneof(oneOf(0, 1, 100_000, 200_000), fc.integer({ min: -5e12, max: 1e15 - 1 }))),
  connectionMicros: maybe(fc.oneof(oneOf(0, 1), fc.integer({ min: 0, max: 1e15 - 1 }))),
  callType: maybe(oneOf('user_in', 'user_out', 'conf_in', 'user_out_conf', 'inout', 'user_xin', 'in', '')),
  currency: maybe(oneOf('USD', 'EUR', 'usd', '---', '', '-')),
  usageCountryCode: maybe(oneOf('US', 'us', 'CH')),
  destinationName: maybe(oneOf('Côte d’Ivoire', '!day', '-', 'a|b', '|', ' ')),
  licenseCapability: maybe(oneOf('MCOPSTN1', 'MCOPSTN2')),
  inventoryType: maybe(oneOf('Subscriber', 'x'.repeat(300), `${'x'.repeat(300)}y`)),
  operator: maybe(oneOf('Microsoft')),
});

const uniqueIds = (calls: TestCall[]): TestCall[] =>
  calls.filter((call, at) => call.id === null || calls.findIndex(({ id }) => id === call.id) === at);

/** Blobs of different hours; claims may be equal; an id may stand in several blobs, once in each. */
export const anyDay: fc.Arbitrary<TestBlob[]> = fc.uniqueArray(
  fc.record({
    hour: fc.integer({ min: 0, max: 23 }),
    claim: fc.integer({ min: 1, max: 5 }),
    calls: fc.array(anyCall, { maxLength: 12 }).map(uniqueIds),
  }),
  { selector: (blob) => blob.hour, maxLength: 6 },
);

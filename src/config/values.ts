import * as z from 'zod';
import { parseNcrontab, ScheduleError } from '../runtime/ncrontab.ts';
import { isLoopback } from './loopback.ts';

/** How the text of a setting is read. Each fault is a phrase that can follow the setting's name. */

export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min, `must be at least ${min}`)
    .refine((value) => value <= max, `must be at most ${max}`);

export const ascendingHours = z
  .string()
  .regex(/^\d+(,\d+)*$/, 'must be whole hours, separated by commas')
  .transform((text) => text.split(',').map(Number))
  .refine((hours) => hours.every((hour) => hour >= 1 && hour <= 24 * 80), 'must lie between 1 and 1920 hours')
  .refine((hours) => hours.every((hour, i) => i === 0 || hour > (hours[i - 1] ?? 0)), 'must ascend');

/** The host would refuse a wrong schedule only after it was deployed. */
export const ncrontab = z
  .string()
  .refine(
    (text) => text.split(/\s+/).length === 6 && isSchedule(text),
    'must be an NCRONTAB schedule of six fields: second minute hour day month day-of-week',
  );

function isSchedule(text: string): boolean {
  try {
    parseNcrontab(text);
    return true;
  } catch (error) {
    if (error instanceof ScheduleError) return false;
    throw error;
  }
}

/** An absolute URL; `faultOf` says what is wrong with it, if anything is. */
const address = (faultOf: (url: URL) => string | undefined) =>
  z.string().superRefine((text, context) => {
    const fault = URL.canParse(text) ? faultOf(new URL(text)) : 'must be an absolute URL';
    if (fault !== undefined) context.addIssue(fault);
  });

/** An origin on this machine, as `http://127.0.0.1:8080`, without a slash at its end. */
export const loopbackOrigin = address((url) => {
  if (`${url.username}${url.password}` !== '') return 'must have no user name and no password';
  if (!isLoopback(url.href)) return 'is not on this machine; only a loopback address is allowed';
  return url.href === `${url.origin}/` ? undefined : 'must have no path and no query';
}).transform((text) => new URL(text).origin);

/** What is wrong with the address of a service, emulators included: it goes on "it ...". */
export function addressFault(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be an absolute URL';
  const { protocol, username, password, search, hash } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return 'must begin with https://';
  if (`${username}${password}${search}${hash}` === '') return undefined;
  return 'must have no user name, no query and no SAS';
}

const STORAGE_SERVICES = ['blob', 'table', 'queue', 'file', 'dfs', 'web'] as const;

/**
 * The address of a storage service. A SAS in it would be a secret, and the identity needs none. A path is only
 * for emulators, which have the account's name there.
 */
export const serviceUri = (service: 'blob' | 'table') =>
  address(({ href, protocol, hostname, pathname }) => {
    const fault = addressFault(href);
    if (fault !== undefined) return fault;
    if (protocol !== 'https:' && !isLoopback(href)) {
      return 'must begin with https:// (only an address on this machine may do without)';
    }
    const named = STORAGE_SERVICES.find((one) => hostname.split('.').slice(1).includes(one));
    if (named !== undefined && named !== service)
      return `must be the ${service} endpoint, not that of ${named}`;
    return named !== undefined && pathname !== '/'
      ? 'must have no path: it is the account, no container'
      : undefined;
  });

export const hostName = z
  .string()
  .regex(
    /^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9]+$/,
    'must be a full host name, without sb:// or a path',
  );

/** `frozen:<instant>` or `offset:<milliseconds>`. */
export const localClock = z
  .string()
  .regex(/^(frozen:.+|offset:-?\d{1,15})$/, 'must be frozen:<instant> or offset:<milliseconds>')
  .refine(
    (text) => text.startsWith('offset:') || isInstant(text.slice('frozen:'.length)),
    'must have an instant in UTC with milliseconds after frozen:',
  );

function isInstant(text: string): boolean {
  const epochMs = Date.parse(text);
  return !Number.isNaN(epochMs) && new Date(epochMs).toISOString() === text;
}

import { z } from 'zod';
import { isLoopback } from './loopback.ts';

/** How the text of a setting is read. Each fault is a phrase that can follow the setting's name. */

export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

export const ascendingHours = z
  .string()
  .regex(/^\d+(,\d+)*$/, 'must be whole hours, separated by commas')
  .transform((text) => text.split(',').map(Number))
  .refine((hours) => hours.every((hour) => hour >= 1 && hour <= 24 * 80), 'must lie between 1 and 1920 hours')
  .refine((hours) => hours.every((hour, i) => i === 0 || hour > (hours[i - 1] ?? 0)), 'must ascend');

/** The fields of an NCRONTAB expression: the host would refuse a wrong one only after it was deployed. */
const CRON_FIELDS = [
  { name: 'second', min: 0, max: 59, names: false },
  { name: 'minute', min: 0, max: 59, names: false },
  { name: 'hour', min: 0, max: 23, names: false },
  { name: 'day', min: 1, max: 31, names: false },
  { name: 'month', min: 1, max: 12, names: true },
  { name: 'day of the week', min: 0, max: 6, names: true },
] as const;
const CRON_TERM = /^(?:\*|(\d+)(?:-(\d+))?|([a-z]{3,9})(?:-[a-z]{3,9})?)(?:\/(\d+))?$/i;

export const ncrontab = z.string().superRefine((text, context) => {
  const fields = text.split(/\s+/);
  if (fields.length !== CRON_FIELDS.length) {
    context.addIssue('must be an NCRONTAB expression of six fields, the first for seconds');
    return;
  }
  const wrong = CRON_FIELDS.find(
    (field, i) => !(fields[i] ?? '').split(',').every((term) => fits(field, term)),
  );
  if (wrong !== undefined) context.addIssue(`has in its field ${wrong.name} what NCRONTAB does not know`);
});

function fits(field: (typeof CRON_FIELDS)[number], term: string): boolean {
  const match = CRON_TERM.exec(term);
  if (match === null) return false;
  const [, from, to = from, name, step] = match;
  if (step !== undefined && Number(step) < 1) return false;
  if (name !== undefined) return field.names;
  if (from === undefined) return true;
  return Number(from) >= field.min && Number(from) <= Number(to) && Number(to) <= field.max;
}

/** An absolute URL; `faultOf` says what is wrong with it, if anything is. */
const address = (faultOf: (url: URL) => string | undefined) =>
  z.string().superRefine((text, context) => {
    const fault = URL.canParse(text) ? faultOf(new URL(text)) : 'must be an absolute URL';
    if (fault !== undefined) context.addIssue(fault);
  });

/** An origin on this machine, as `http://127.0.0.1:8080`, without a slash at its end. */
export const loopbackOrigin = address((url) => {
  if (!isLoopback(url.href)) return 'is not on this machine; only a loopback address is allowed';
  return url.href === `${url.origin}/` ? undefined : 'must have no path and no query';
}).transform((text) => new URL(text).origin);

/** The address of a storage service. A SAS in it would be a secret, and the identity needs none. */
export const serviceUri = address(({ href, protocol, username, password, search, hash }) => {
  if (`${username}${password}${search}${hash}` !== '') {
    return 'must have no user name, query or SAS: the identity signs in';
  }
  if (protocol === 'https:' || isLoopback(href)) return undefined;
  return 'must begin with https:// (only an address on this machine may do without)';
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

const LAST_YEAR = 9999;

/**
 * An instant as .NET writes it into JSON: no zeros at the end of the fraction, and instead of `Z` an offset,
 * or nothing where the host does not know that the instant is UTC.
 */
export function dotNetInstant(instant: Date, offset: '' | '+00:00'): string {
  // A message that never expires: .NET ends its calendar earlier than JavaScript does.
  if (instant.getUTCFullYear() > LAST_YEAR) return `9999-12-31T23:59:59.9999999${offset}`;
  const [seconds, fraction = ''] = instant.toISOString().slice(0, -1).split('.');
  const digits = fraction.replace(/0+$/, '');
  return `${seconds}${digits === '' ? '' : `.${digits}`}${offset}`;
}

/** Where the tenant's users sit. */
export interface Office {
  /** ISO 3166-1 alpha-2. */
  code: string;
  weight: number;
  /** Fixed, without daylight saving: rows must not depend on the time zone data of the machine. */
  utcOffsetHours: number;
  currency: string;
  unitsPerUsd: number;
  /** What stands for the last digits of other people's numbers in this country's rows. */
  mask: '' | '***' | '****';
}

/** A country or service that is dialled. */
export interface Destination {
  code: string | null;
  name: string;
  dialPrefix: string;
  /** How often it is the other end of an international call. */
  weight: number;
  /** Price of a minute, in millionths of a US dollar. */
  microUsdPerMinute: number;
  /** Price of the connection, in millionths of a US dollar. */
  connectionMicroUsd: number;
}

export const OFFICES: readonly Office[] = [
  { code: 'US', weight: 38, utcOffsetHours: -6, currency: 'USD', unitsPerUsd: 1, mask: '' },
  { code: 'GB', weight: 18, utcOffsetHours: 0, currency: 'GBP', unitsPerUsd: 0.79, mask: '' },
  { code: 'DE', weight: 18, utcOffsetHours: 1, currency: 'EUR', unitsPerUsd: 0.92, mask: '***' },
  { code: 'FR', weight: 10, utcOffsetHours: 1, currency: 'EUR', unitsPerUsd: 0.92, mask: '****' },
  { code: 'CH', weight: 8, utcOffsetHours: 1, currency: 'CHF', unitsPerUsd: 0.88, mask: '****' },
  { code: 'JP', weight: 8, utcOffsetHours: 9, currency: 'JPY', unitsPerUsd: 150, mask: '' },
];

export const DESTINATIONS: readonly Destination[] = [
  destination('US', 'United States', '+1', 20, 9_500),
  destination('GB', 'United Kingdom', '+44', 16, 12_500),
  destination('DE', 'Germany', '+49', 14, 13_500),
  destination('FR', 'France', '+33', 10, 14_250),
  destination('CH', 'Switzerland', '+41', 7, 39_125),
  destination('JP', 'Japan', '+81', 6, 46_875),
  destination('CA', 'Canada', '+1', 6, 9_500),
  destination('ES', 'Spain', '+34', 5, 18_640),
  destination('IT', 'Italy', '+39', 5, 22_315),
  destination('PL', 'Poland', '+48', 4, 31_900),
  destination('IN', 'India', '+91', 4, 28_000, 40_000),
  destination('BR', 'Brazil', '+55', 2, 110_400, 65_000),
  destination('AE', 'United Arab Emirates', '+971', 1, 244_375, 80_000),
];

/** Dialled in the planted events only. */
export const SATELLITE = destination(null, 'Satellite services', '+881', 0, 5_480_000, 250_000);

/** Thirteen, one a week: a country comes back after 91 days, when no range of 90 days still shows it. */
export const RARE_DESTINATIONS: readonly Destination[] = [
  destination('LV', 'Latvia', '+371', 0, 412_500),
  destination('SO', 'Somalia', '+252', 0, 874_125),
  destination('TN', 'Tunisia', '+216', 0, 690_000),
  destination('MV', 'Maldives', '+960', 0, 1_120_000),
  destination('SL', 'Sierra Leone', '+232', 0, 731_250),
  destination('GN', 'Guinea', '+224', 0, 702_000),
  destination('GM', 'Gambia', '+220', 0, 655_500),
  destination('ZW', 'Zimbabwe', '+263', 0, 548_750),
  destination('BA', 'Bosnia and Herzegovina', '+387', 0, 486_000),
  destination('EE', 'Estonia', '+372', 0, 395_375),
  destination('MG', 'Madagascar', '+261', 0, 824_000),
  destination('PG', 'Papua New Guinea', '+675', 0, 987_500),
  destination('CU', 'Cuba', '+53', 0, 909_000),
];

/** @throws RangeError if no destination has that code. */
export function destinationOf(code: string): Destination {
  const found = DESTINATIONS.find((destination) => destination.code === code);
  if (found === undefined) throw new RangeError(`no destination has the code ${code}`);
  return found;
}

function destination(
  code: string | null,
  name: string,
  dialPrefix: string,
  weight: number,
  microUsdPerMinute: number,
  connectionMicroUsd = 0,
): Destination {
  return { code, name, dialPrefix, weight, microUsdPerMinute, connectionMicroUsd };
}

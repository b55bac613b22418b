import type { CallPlan, PlannedCall } from '../calls.ts';
import { publicationOf } from '../publication.ts';
import { STREAM, randomOf } from '../random.ts';
import { TICKS_A_DAY, TICKS_AN_HOUR, msOf } from '../ticks.ts';
import { COLUMN_NAMES, type WireRow, type WireValue } from '../wire.ts';
import type { DataTraps } from './traps.ts';

/** A row that a trap adds to a day: at a given or any time, with some properties replaced. */
interface Plant {
  tick?: number;
  alter?: (row: WireRow) => WireRow;
}

const FIRST_INDEX = 1_000_000_000;
const INDEXES_A_TRAP = 1_000;
const LONG_TEXT = 40_000;

const replace = (values: Record<string, WireValue>): Plant => ({ alter: (row) => ({ ...row, ...values }) });
const charge = (literal: string): Plant => replace({ charge: { literal } });
const starts = (rewrite: (text: string) => string): Plant => ({
  alter: (row) => {
    const { startDateTime } = row;
    return typeof startDateTime === 'string' ? { ...row, startDateTime: rewrite(startDateTime) } : row;
  },
});
const secondsOf = (text: string): string => text.slice(0, 19);
const digitsOf = (text: string, digits: number): string =>
  text.slice(20, 27).slice(0, digits).padEnd(digits, '0');
const inOffset = (text: string, hours: number, offset: string): string =>
  `${new Date(Date.parse(text) + hours * 3_600_000).toISOString().slice(0, 19)}.${digitsOf(text, 7)}${offset}`;

const PLANTS: Readonly<Record<keyof DataTraps, readonly Plant[]>> = {
  boundaryRows: [0, 1, 9, 10, 23].flatMap((hour) => [
    { tick: hour * TICKS_AN_HOUR },
    { tick: (hour + 1) * TICKS_AN_HOUR - 1 },
  ]),
  nullProperties: [
    ...COLUMN_NAMES.map((name) => replace({ [name]: null })),
    replace(Object.fromEntries(COLUMN_NAMES.map((name) => [name, null]))),
  ],
  idNull: [replace({ id: null }), replace({ id: null }), replace({ id: null })],
  startNull: [null, '', 'soon', '2026-02-30T10:00:00Z'].map((startDateTime) => replace({ startDateTime })),
  startOutside: [replace({ startDateTime: '0001-01-01T00:00:00Z' })],
  unknownProperties: [
    replace({ networkQuality: { jitterMs: 3.25, codec: 'SATIN' }, isEmergency: false }),
    replace({ ratingTags: ['a', null, 1e21] }),
    replace({ futureText: 'späße', futureNull: null }),
  ],
  moneyEdge: [
    ...['0', '1', '0.1', '0.01', '0.001', '0.0001', '0.00001', '0.000001', '0.100000', '1e-6', '1.25e1'],
    ...['1e-7', '0.0000001', '0.1234567', '999999999.999999', '1e9', '1000000000.00'],
  ].map(charge),
  offsetInstants: [
    starts((text) => `${secondsOf(text)}Z`),
    starts((text) => `${secondsOf(text)}.${digitsOf(text, 1)}Z`),
    starts((text) => `${secondsOf(text)}.${digitsOf(text, 3)}+00:00`),
    starts((text) => `${secondsOf(text)}.${digitsOf(text, 7)}+00:00`),
    starts((text) => `${secondsOf(text)}.${digitsOf(text, 9)}Z`),
    starts((text) => inOffset(text, 2, '+02:00')),
    starts((text) => inOffset(text, -8, '-08:00')),
  ],
  wrongTypes: [
    replace({ duration: '61' }),
    replace({ duration: 1.5 }),
    replace({ charge: '0.50' }),
    replace({ userId: 17 }),
    replace({ startDateTime: 1_700_000_000 }),
    replace({ administrativeUnitInfos: 'none' }),
    replace({ destinationName: { text: 'Germany' } }),
  ],
  awkwardText: [
    replace({ userId: 'a/b\\c#d?e%f|g', userDisplayName: 'Line\u2028separator\u2029 and \u0000 and \t' }),
    replace({ userPrincipalName: '!first', destinationName: 'Côte d’Ivoire 📞 100 %' }),
    replace({ userDisplayName: 'x'.repeat(LONG_TEXT), destinationName: 'é'.repeat(LONG_TEXT) }),
    replace({ userId: 'u'.repeat(LONG_TEXT) }),
  ],
};

/** What the traps that are on add to a day. Rows of a trap keep their place and id whatever else is on. */
export function plantedCalls(plan: CallPlan, traps: Partial<DataTraps>, day: number): PlannedCall[] {
  return (Object.keys(PLANTS) as (keyof DataTraps)[]).flatMap((name, number) => {
    if (traps[name] !== true) return [];
    return PLANTS[name].map((plant, position): PlannedCall => {
      const index = FIRST_INDEX + number * INDEXES_A_TRAP + position;
      const random = randomOf(plan.seed, STREAM.planted, day, index);
      const tick = plant.tick ?? Math.floor(random.unit() * TICKS_A_DAY);
      const user = plan.directory.users.length === 0 ? undefined : random.pick(plan.directory.users);
      const { publishedMs } = publicationOf(plan.seed, day, index, msOf(day, tick));
      // A correction would hide what the trap is about.
      const publication = { publishedMs, revision: undefined };
      return { day, index, tick, user, publication, ...(plant.alter && { alter: plant.alter }) };
    });
  });
}

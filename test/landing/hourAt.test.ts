import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInstant } from '../../src/graph/instant.ts';
import { hourAt } from '../../src/landing/hourAt.ts';
import { WINDOW_MS } from '../../src/windows/grid.ts';

/** The hour of a text that stands somewhere in a page, between what the arguments say. */
function hourOf(text: string, before = '{"startDateTime":"', after = '","duration":1}'): number {
  const from = Buffer.byteLength(before);
  return hourAt(Buffer.from(before + text + after), from, from + Buffer.byteLength(text));
}

/** The begin of the hour that the exact instant leads to; NaN if the text is none. */
function exactHour(text: string): number {
  const instant = parseInstant(text);
  return instant === undefined ? NaN : Math.floor(instant.epochMs / WINDOW_MS) * WINDOW_MS;
}

/** As Graph writes an instant. */
const usual = fc
  .tuple(
    fc.date({
      min: new Date('1900-01-01T00:00:00Z'),
      max: new Date('2100-01-01T00:00:00Z'),
      noInvalidDate: true,
    }),
    fc.stringMatching(/^(\.\d{1,9})?$/),
  )
  .map(([date, fraction]) => `${date.toISOString().slice(0, 19)}${fraction}Z`);

/** Few hours, so that the one met last is met again; some of them are none. */
const nearby = fc
  .tuple(
    fc.constantFrom(
      '2026-11-23',
      '2026-11-24',
      '2026-02-30',
      '2026-02-29',
      '2028-02-29',
      '2026-13-01',
      '0000-01-01',
    ),
    fc.constantFrom('00', '10', '23', '24', '1a', '-1', ' 9'),
    fc.constantFrom(':00', ':59', ':60', ':5', ':5x', '.30', ':3\u0662', ':30:'),
    fc.constantFrom(':00', ':59', ':60', ':61', ':5', ':x0', '.30', ''),
    fc.constantFrom('', '.', '.0', '.1234567', '.999999999', '.1234567890', '.12a', ',5', '.\u0663', '.-1'),
    fc.constantFrom('Z', 'Z', 'Z', 'z', '', '+00:00', '-04:30', '+14:00', 'ZZ', ' Z'),
  )
  .map(([date, hour, ...rest]) => `${date}T${hour}${rest.join('')}`);

/** An instant with one character less, more, or another one. */
const spoiled = fc
  .tuple(
    fc.oneof(usual, nearby),
    fc.nat(31),
    fc.nat(1),
    fc.oneof(
      fc.constantFrom(...Array.from('0123456789:.-+TtZz /"\\')),
      fc.string({ unit: 'grapheme', maxLength: 1 }),
    ),
  )
  .map(([text, at, removed, other]) => text.slice(0, at) + other + text.slice(at + removed));

const anyText = fc.oneof(usual, nearby, spoiled, fc.string({ unit: 'binary', maxLength: 40 }));

const around = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  // What goes on where the text ends is no part of it.
  fc.constantFrom('Z', '0Z', ':30Z', '2026-11-23T10:', '2026-11-23T10:15:30.1234567Z', '0'),
);

describe('the hour of an instant that is not parsed', () => {
  it('is the one of the exact instant, or unknown, for every text, wherever it stands', () => {
    // Several one after another: what has been met before is remembered.
    const texts = fc.array(fc.tuple(anyText, around, around), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(texts, (met) => {
        for (const [text, before, after] of met) {
          const hourMs = hourOf(text, before, after);
          if (!Number.isNaN(hourMs)) expect([text, hourMs]).toEqual([text, exactHour(text)]);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('is known for what Graph writes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(usual, around, around), { maxLength: 8 }), (met) => {
        for (const [text, before, after] of met) expect(hourOf(text, before, after)).toBe(exactHour(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    '2026-11-23T10:00:00Z',
    '2026-11-23T10:59:59Z',
    '2026-11-23T10:00:00.0Z',
    '2026-11-23T10:15:30.1234567Z',
    '2026-11-23T10:59:59.999999999Z',
  ])('of %s is ten', (text) => {
    expect(hourOf(text)).toBe(Date.parse('2026-11-23T10:00:00Z'));
  });

  it.each([
    '',
    'today',
    '2026-11-23T10',
    '2026-11-23T10:15Z',
    '2026-11-23T10:15:30',
    '2026-11-23T10:15:30.Z',
    '2026-11-23T10:15:30.1234567890Z',
    '2026-11-23T10:60:30Z',
    '2026-11-23T10:15:60Z',
    '2026-11-23T24:00:00Z',
    '2026-02-29T10:15:30Z',
    '2026-11-23t10:15:30Z',
    '2026-11-23T12:15:30+02:00',
    '\0'.repeat(13) + ':15:30Z',
  ])('of %j is unknown, whatever was met before', (text) => {
    for (const before of ['2026-11-23T10:15:30Z', '2026-11-24T10:15:30Z', text]) {
      hourOf(before);
      expect(hourOf(text)).toBeNaN();
    }
  });

  it('is remembered for no other hour, however many are met', () => {
    const first = Date.parse('2024-01-01T00:00:00Z');
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 6_000; index++) {
        const hourMs = first + index * WINDOW_MS;
        const text = new Date(hourMs + 1_234_567).toISOString();
        if (hourOf(text) !== hourMs) throw new Error(`another hour for ${text}`);
      }
    }
    expect(hourOf('2024-01-01T00:00:00Z')).toBe(first);
  });
});

import { describe, expect, it } from 'vitest';

import { addedMicrosAt, isVisible, publicationOf } from '../../../src/local/graph/publication.ts';
import { createTenant } from '../../../src/local/graph/tenant.ts';
import { LATER, instant, literalOf, rowsOfDay, textOf } from './support.ts';

const HOUR_MS = 3_600_000;
const START = Date.parse('2026-11-10T10:00:00.123Z');
const DAY = Math.floor(START / 86_400_000);
const publications = Array.from({ length: 20_000 }, (_, index) => publicationOf(3, DAY, index, START));

describe('publicationOf', () => {
  it('shows a row from 24 to 48 hours after its start on, not a millisecond before', () => {
    const wrong = publications.filter((publication) => {
      const { publishedMs, revision } = publication;
      const latencyMs = publishedMs - START;
      if (latencyMs < 24 * HOUR_MS || latencyMs >= 48 * HOUR_MS) return true;
      if (isVisible(publication, publishedMs - 1)) return true;
      return revision === undefined && !isVisible(publication, publishedMs);
    });
    expect(wrong).toEqual([]);
  });

  it('changes about one row in 200 after it was published, and none later than 71 hours after its start', () => {
    const revised = publications.flatMap(({ publishedMs, revision }) =>
      revision ? [{ publishedMs, revision }] : [],
    );
    expect(revised.length).toBeGreaterThan(60);
    expect(revised.length).toBeLessThan(140);
    for (const { publishedMs, revision } of revised) {
      expect(revision.atMs).toBeGreaterThan(publishedMs);
      expect(revision.atMs).toBeLessThanOrEqual(START + 71 * HOUR_MS);
    }
    expect(new Set(revised.map(({ revision }) => revision.kind))).toEqual(new Set(['charge', 'withdrawn']));
  });

  it('withdraws and corrects at the instant of the revision', () => {
    const withdrawn = publications.find((each) => each.revision?.kind === 'withdrawn');
    const corrected = publications.find((each) => each.revision?.kind === 'charge');
    if (withdrawn?.revision === undefined || corrected?.revision === undefined) throw new Error('none found');
    const { atMs } = withdrawn.revision;
    expect([isVisible(withdrawn, atMs - 1), isVisible(withdrawn, atMs)]).toEqual([true, false]);
    const { atMs: correctedMs, addedMicros } = corrected.revision;
    expect(addedMicros).toBeGreaterThan(0);
    expect([addedMicrosAt(corrected, correctedMs - 1), addedMicrosAt(corrected, correctedMs)]).toEqual([
      0,
      addedMicros,
    ]);
  });
});

describe('a day of the log, seen while time goes on', () => {
  const tenant = createTenant({ seed: 21, users: 200 });
  const seenAfter = (hours: number) =>
    rowsOfDay(tenant, '2026-11-10', Date.parse('2026-11-10T00:00:00Z') + hours * HOUR_MS);

  it('is empty for a day, then fills, and is complete 48 hours after its end', () => {
    const [none, some, most, all] = [24, 36, 60, 72].map((hours) => seenAfter(hours).length);
    expect(none).toBe(0);
    expect(some).toBeGreaterThan(0);
    expect(most).toBeGreaterThan(some ?? 0);
    const published = new Set(seenAfter(72).map((row) => row.id));
    const final = rowsOfDay(tenant, '2026-11-10', LATER);
    expect(final.filter((row) => !published.has(textOf(row.id)))).toEqual([]);
    expect(all).toBeGreaterThanOrEqual(final.length);
  });

  it('never shows a row earlier than 24 hours after its start', () => {
    const nowMs = Date.parse('2026-11-11T15:00:00Z');
    const rows = rowsOfDay(tenant, '2026-11-10', nowMs);
    expect(rows.length).toBeGreaterThan(10);
    const starts = rows.map((row) => instant(textOf(row.startDateTime)).epochMs);
    expect(Math.max(...starts)).toBeLessThanOrEqual(nowMs - 24 * HOUR_MS);
  });

  it('has charges corrected and rows withdrawn meanwhile', () => {
    const charges = new Map(seenAfter(72).map((row) => [row.id, literalOf(row.charge)]));
    const final = rowsOfDay(tenant, '2026-11-10', LATER);
    const corrected = final.filter((row) => charges.get(textOf(row.id)) !== literalOf(row.charge));
    expect(corrected.length).toBeGreaterThan(0);
    const last = new Set(final.map((row) => row.id));
    const everSeen = [36, 48, 60, 72].flatMap((hours) => seenAfter(hours).map((row) => row.id ?? null));
    expect(everSeen.filter((id) => id !== null && !last.has(id)).length).toBeGreaterThan(0);
  });

  it('stands still from 71 hours after its end on', () => {
    expect(seenAfter(24 + 71)).toEqual(rowsOfDay(tenant, '2026-11-10', LATER));
  });
});

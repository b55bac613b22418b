import { toInstant, WINDOW_MS } from '../windows/grid.ts';

/** Half-open span of time, milliseconds since the epoch. */
export interface Span {
  fromMs: number;
  toMs: number;
}

export interface Coverage {
  /** Instants between which windows were read; undefined if none was. */
  from: string | undefined;
  to: string | undefined;
  /** Spans that should have been read and were not, oldest first. */
  gaps: { from: string; to: string; hours: number }[];
}

/** Spans that touch or overlap become one; the result is ascending. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1);
    if (last === undefined || span.fromMs > last.toMs) merged.push({ ...span });
    else last.toMs = Math.max(last.toMs, span.toMs);
  }
  return merged;
}

/** What of `whole` no span covers. */
export function missingSpans(whole: Span, spans: readonly Span[]): Span[] {
  const missing: Span[] = [];
  let atMs = whole.fromMs;
  for (const span of mergeSpans(spans)) {
    if (span.toMs <= atMs) continue;
    if (span.fromMs >= whole.toMs) break;
    if (span.fromMs > atMs) missing.push({ fromMs: atMs, toMs: span.fromMs });
    atMs = span.toMs;
  }
  if (atMs < whole.toMs) missing.push({ fromMs: atMs, toMs: whole.toMs });
  return missing;
}

/**
 * Coverage from the bounds of windows that were read, never from the newest row seen: an hour without calls is
 * covered all the same.
 * @param read spans of windows with an accepted read
 * @param promised what the pipeline reads unasked: from the start of coverage to the last window that must be
 *   in; undefined before the first planning, when only commands were at work
 */
export function coverageOf(read: readonly Span[], promised: Span | undefined): Coverage {
  const merged = mergeSpans(read);
  const first = merged[0];
  const last = merged.at(-1);
  const whole = promised ?? (first && last && { fromMs: first.fromMs, toMs: last.toMs });
  const gaps = whole === undefined || whole.fromMs >= whole.toMs ? [] : missingSpans(whole, merged);
  return {
    from: first && toInstant(first.fromMs),
    to: last && toInstant(last.toMs),
    gaps: gaps.map(({ fromMs, toMs }) => ({
      from: toInstant(fromMs),
      to: toInstant(toMs),
      hours: (toMs - fromMs) / WINDOW_MS,
    })),
  };
}

import { oneLine, quoted } from './jsonText.ts';
import type { StartHour } from './startHour.ts';
import type { FittingRow, Misfit } from './toLine.ts';

/** A row as it is kept under `rejected/`. */
export interface RejectedRow {
  kind: 'rejected';
  /** `{"reason":"...","row":<json>}`, without the LF. */
  line: string;
  /** The row's id, or, without one, the row's JSON. */
  key: string;
  /** The row as Graph sent it, on one line. */
  json: string;
  start: StartHour | undefined;
}

/** @param text the row's JSON as Graph sent it: what does not fit may not survive being parsed either */
export function rejectMisfit({ reason, id, start }: Misfit, text: string): RejectedRow {
  const json = oneLine(text);
  return {
    kind: 'rejected',
    line: `{"reason":${quoted(reason)},"row":${json}}`,
    key: id ?? json,
    json,
    start,
  };
}

/** A row that would fit, but was not asked for: it belongs to no window of its read, and is kept apart. */
export const rejectStray = ({ line, key }: FittingRow, text: string): RejectedRow =>
  rejectMisfit(
    {
      kind: 'misfit',
      reason: 'startDateTime: outside the range that was asked for',
      id: key === line ? undefined : key,
      start: undefined,
    },
    text,
  );

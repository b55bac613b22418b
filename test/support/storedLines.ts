import { exactly, LANDED_COLUMNS, landedForm, rejectedForm, sorted } from './expectedDay.ts';

/**
 * A line of a raw blob in the form of {@link landedForm}.
 * @throws Error if a key is missing, in another place, or money has another form than six decimals.
 */
export function landedLine(line: string): string {
  const row = JSON.parse(line) as Record<string, unknown>;
  if (Object.keys(row).join() !== LANDED_COLUMNS.join()) throw new Error(`other columns: ${line}`);
  const digits = (name: string): string | null => {
    // Inside a text its quotes would be escaped: only the key itself is found.
    const match = new RegExp(`,"${name}":(null|-?\\d+\\.\\d{6}),"`).exec(line);
    if (match === null) throw new Error(`${name} is no decimal of six places: ${line}`);
    return match[1] === 'null' ? null : (match[1] ?? '');
  };
  return landedForm(
    LANDED_COLUMNS.map((name) => {
      const value = row[name];
      if (name === 'charge' || name === 'connectionCharge') return digits(name);
      if (name === 'duration') return typeof value === 'number' ? String(value) : value;
      const isJson = name === 'administrativeUnitInfos' || name === 'additionalProperties';
      return isJson && value !== null ? sorted(exactly(value as string)) : value;
    }),
  );
}

/**
 * A line of a rejected blob in the form of {@link rejectedForm}.
 * @throws Error if it is none, or has no reason.
 */
export function rejectedLine(line: string): string {
  const match = /^\{"reason":("(?:[^"\\]|\\.)*"),"row":(.*)\}$/s.exec(line);
  if (match === null) throw new Error(`not a rejected row with its reason: ${line}`);
  const reason = JSON.parse(match[1] ?? '') as string;
  if (reason === '') throw new Error(`no reason: ${line}`);
  const columns = [...reason.matchAll(/(?:^|; )(\w+): /g)].map(([, column = '']) => column);
  return rejectedForm(columns, match[2] ?? '');
}

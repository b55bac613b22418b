/** Milliseconds of a duration as host.json writes it: `hh:mm:ss` or `d.hh:mm:ss`, with or without a fraction. Undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,7})?)?$/.exec(text);
  if (match === null) return undefined;
  const part = (index: number): number => Number(match[index] ?? 0);
  const [days, hours, minutes, seconds, fraction] = [part(1), part(2), part(3), part(4), part(5)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds + fraction) * 1000;
}

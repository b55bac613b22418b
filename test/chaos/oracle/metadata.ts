import { differs } from './differences.ts';
import { digestOf } from './landing.ts';

/** What a blob of a window says of itself. */
export function metadataDifferences(
  what: string,
  metadata: Readonly<Record<string, string>>,
  lines: readonly string[],
  digest: string = digestOf(lines),
): string[] {
  const { claim = '', attempt = '' } = metadata;
  return [
    ...differs(`${what}: metadata rows`, metadata['rows'], String(lines.length)),
    ...differs(`${what}: metadata digest`, metadata['digest'], digest),
    ...(/^[1-9]\d*$/.test(claim) ? [] : [`${what}: metadata claim is ${JSON.stringify(claim)}`]),
    ...(attempt === '' ? [`${what}: metadata attempt is missing`] : []),
  ];
}

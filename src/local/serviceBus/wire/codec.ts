import rhea from 'rhea';
import type { Typed } from 'rhea';

export type { Typed } from 'rhea';

/** The parts of rhea's AMQP codec that its published types leave out. */
interface Codec {
  Reader: new (buffer: Buffer) => { position: number; read(): Typed; remaining(): number };
  Writer: new () => { write(value: Typed): void; toBuffer(): Buffer };
  Map32(items: Typed[]): Typed;
}

const codec = rhea.types as unknown as Codec;

/** Decodes one value with its AMQP type. @throws when the bytes are not one whole value. */
export const decodeValue = (bytes: Buffer): Typed => new codec.Reader(bytes).read();

export function encodeValue(value: Typed): Buffer {
  const writer = new codec.Writer();
  writer.write(value);
  return writer.toBuffer();
}

/** Entries of a map, flat: key, value, key, value. Kept typed, so that they can be written again unchanged. */
export type TypedEntries = readonly Typed[];

export const typedMap = (entries: TypedEntries): Typed => codec.Map32([...entries]);

/** The entries of a typed map; empty for anything else, such as null. */
export const entriesOf = (map: Typed | undefined): TypedEntries =>
  map !== undefined && rhea.types.is_map(map) ? arrayOf(map) : [];

/** The items of a typed list; empty for anything else. */
export const itemsOf = (list: Typed | undefined): TypedEntries =>
  list !== undefined && rhea.types.is_list(list) ? arrayOf(list) : [];

/** The plain value: string, number, boolean, Date, Buffer (binary and uuid; integers beyond 2^53) or null. */
export const plain = (value: Typed | undefined): unknown => {
  const unwrapped: unknown = value === undefined ? undefined : rhea.types.unwrap(value);
  return unwrapped;
};

export const plainKey = (key: Typed | undefined): string => String(plain(key));

/** A whole number from an integer or a timestamp; undefined for anything else. */
export function plainInteger(value: unknown): number | undefined {
  if (value instanceof Date) return plainInteger(value.getTime());
  if (Buffer.isBuffer(value) && value.length === 8) return plainInteger(Number(value.readBigInt64BE()));
  return typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : undefined;
}

function arrayOf(value: Typed): readonly Typed[] {
  const items: unknown = value.value;
  return Array.isArray(items) ? (items as Typed[]) : [];
}

/** Descriptor codes of the sections of an AMQP message. */
export const SECTION = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
  sequence: 0x76,
  value: 0x77,
  footer: 0x78,
} as const;

/** One section with its bytes as they came; `value` is the part behind the descriptor. */
export interface Section {
  code: number;
  bytes: Buffer;
  value: Buffer;
}

/** The bytes do not follow the AMQP encoding. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

const SYMBOLIC: Readonly<Record<string, number>> = {
  'amqp:header:list': SECTION.header,
  'amqp:delivery-annotations:map': SECTION.deliveryAnnotations,
  'amqp:message-annotations:map': SECTION.messageAnnotations,
  'amqp:properties:list': SECTION.properties,
  'amqp:application-properties:map': SECTION.applicationProperties,
  'amqp:data:binary': SECTION.data,
  'amqp:amqp-sequence:list': SECTION.sequence,
  'amqp:amqp-value:*': SECTION.value,
  'amqp:value:*': SECTION.value,
  'amqp:footer:map': SECTION.footer,
};

/** Cuts a message at its sections, without decoding what is in them. @throws DecodeError */
export function splitSections(message: Buffer): Section[] {
  const sections: Section[] = [];
  let start = 0;
  while (start < message.length) {
    if (message[start] !== 0x00) throw new DecodeError(`no section begins at byte ${start}`);
    const valueStart = skipValue(message, start + 1);
    const end = skipValue(message, valueStart);
    sections.push({
      code: descriptorCode(message.subarray(start + 1, valueStart)),
      bytes: message.subarray(start, end),
      value: message.subarray(valueStart, end),
    });
    start = end;
  }
  return sections;
}

/** The content of a data section. @throws DecodeError */
export function binaryOf(section: Section): Buffer {
  const constructor = section.value[0];
  if (constructor === 0xa0) return section.value.subarray(2);
  if (constructor === 0xb0) return section.value.subarray(5);
  throw new DecodeError('a data section holds something other than binary');
}

function descriptorCode(descriptor: Buffer): number {
  const constructor = descriptor[0];
  if (constructor === 0x53) return descriptor.readUInt8(1);
  if (constructor === 0x80) return Number(descriptor.readBigUInt64BE(1));
  if (constructor === 0xa3) return SYMBOLIC[descriptor.toString('ascii', 2)] ?? 0;
  return 0;
}

/** @returns the offset behind the value that begins at `offset`. */
function skipValue(bytes: Buffer, offset: number): number {
  const constructor = byteAt(bytes, offset);
  if (constructor === 0x00) return skipValue(bytes, skipValue(bytes, offset + 1));
  const end = offset + 1 + bodyLength(bytes, constructor, offset + 1);
  if (end > bytes.length) throw new DecodeError(`the value at byte ${offset} is cut off`);
  return end;
}

/** The high digit of a constructor tells the width of the value (AMQP 1.0, section 1.2). */
function bodyLength(bytes: Buffer, constructor: number, offset: number): number {
  switch (constructor >> 4) {
    case 0x4:
      return 0;
    case 0x5:
      return 1;
    case 0x6:
      return 2;
    case 0x7:
      return 4;
    case 0x8:
      return 8;
    case 0x9:
      return 16;
    case 0xa:
    case 0xc:
    case 0xe:
      return 1 + byteAt(bytes, offset);
    case 0xb:
    case 0xd:
    case 0xf:
      if (offset + 4 > bytes.length) throw new DecodeError(`the length at byte ${offset} is cut off`);
      return 4 + bytes.readUInt32BE(offset);
    default:
      throw new DecodeError(`unknown type 0x${constructor.toString(16)} at byte ${offset - 1}`);
  }
}

function byteAt(bytes: Buffer, offset: number): number {
  const byte = bytes[offset];
  if (byte === undefined) throw new DecodeError(`the message ends at byte ${offset}, within a value`);
  return byte;
}

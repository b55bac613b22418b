import fc from 'fast-check';

/*
 * JSON as it may come over the wire: not what JSON.stringify writes, but every spelling of it.
 */

/** White space between tokens; mostly none, as Graph sends it. */
export const blanks: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: fc.constant('') },
  fc.constantFrom(' ', '\n', '\r\n\t', '   '),
);

/** What stands between the quotes of a text, piece by piece: all that means something outside of one, too. */
const textPieces = fc.constantFrom(
  ...['a', 'name ', '+49', '0', '-', '[', ']', '{', '}', ',', ':', "'", '/', 'null', '\u007f', '\u0085'],
  ...['\u00e9', '\u20ac', '\u{1F4DE}', '\u2027', '\u2028', '\u2029', '\u202a', '\ufeff', '\u3042\u3044'],
  ...[String.raw`\"`, String.raw`\\`, String.raw`\/`, String.raw`\n`, String.raw`\t`, String.raw`\b`],
  ...[
    String.raw`\u0041`,
    String.raw`\u002B`,
    String.raw`\u2028`,
    String.raw`\ud83d\udcde`,
    String.raw`\u0000`,
  ],
  ...[String.raw`\ud83d`, String.raw`\uDC00`, String.raw`\u0022`, String.raw`\u00E9`],
);

export const jsonString: fc.Arbitrary<string> = fc
  .array(textPieces, { maxLength: 6 })
  .map((pieces) => `"${pieces.join('')}"`);

/** A text in which nothing has to be escaped. */
export const plainString: fc.Arbitrary<string> = fc
  .array(
    textPieces.filter((piece) => !/[\\"\u2028\u2029]/.test(piece)),
    { maxLength: 6 },
  )
  .map((pieces) => `"${pieces.join('')}"`);

/** A name with some of its characters escaped. */
export const spelled = (name: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(`"${name}"`) },
    fc.nat(name.length - 1).map((at) => {
      const escape = `\\u${name.charCodeAt(at).toString(16).padStart(4, '0')}`;
      return `"${name.slice(0, at)}${escape}${name.slice(at + 1)}"`;
    }),
  );

export const jsonNumber: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '0',
    '-0',
    '0.0',
    '-0.0',
    '0.10',
    '0.100000',
    '0.1000000',
    '0.0000001',
    '1.234567',
    '1.2345678',
  ),
  fc.constantFrom('1e-7', '1E-6', '1e2', '1.5E+3', '1e400', '1e-400', '-1', '-0.5', '0e0', '5e-324', '12e-1'),
  fc.constantFrom(
    '2147483647',
    '2147483648',
    '-2147483648',
    '12345678901',
    '12345678901234567890',
    '0.1234567',
  ),
  fc.constantFrom(
    '999999999',
    '999999999.999999',
    '1000000000',
    '123456789.123456',
    '1.0000000000000000000001',
  ),
  fc
    .tuple(fc.constantFrom('', '-'), fc.nat(), fc.stringMatching(/^(\.\d{1,9})?([eE][+-]?\d{1,2})?$/))
    .map(([sign, whole, rest]) => `${sign}${whole}${rest}`),
);

export const listOf = (elements: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.array(fc.tuple(blanks, elements, blanks), { maxLength }), blanks)
    .map(
      ([items, blank]) => `[${items.length === 0 ? blank : items.map((item) => item.join('')).join(',')}]`,
    );

/** A member of an object, its name and its value as they are written. */
export const memberOf = (name: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(blanks, name, blanks, blanks, value, blanks)
    .map(
      ([before, name, between, ahead, value, after]) => before + name + between + ':' + ahead + value + after,
    );

export const objectOf = (members: readonly string[], blank = ''): string =>
  `{${members.length === 0 ? blank : members.join(',')}}`;

/** Any value, a few levels deep. */
export const jsonValue: fc.Arbitrary<string> = fc.letrec<{ value: string; list: string; object: string }>(
  (tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('null', 'true', 'false', '[]', '{}', '[ ]', '""'),
      jsonNumber,
      jsonString,
      tie('list'),
      tie('object'),
    ),
    list: listOf(tie('value'), 3),
    object: fc
      .array(memberOf(jsonString, tie('value')), { maxLength: 3 })
      .map((members) => objectOf(members)),
  }),
).value;

/** The same bytes with one place damaged: a byte less, another one, one more, or the end cut off. */
export const damaged = (bytes: Buffer): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.nat(Math.max(bytes.length - 1, 0)),
      fc.constantFrom('remove', 'replace', 'insert', 'cut'),
      fc.constantFrom(...Array.from('"\\,:[]{}0-.eEn \t\n\u0000\u001fx')),
    )
    .map(([at, how, other]) => {
      const before = bytes.subarray(0, at);
      if (how === 'cut') return before;
      const after = bytes.subarray(how === 'insert' ? at : at + 1);
      return Buffer.concat([before, Buffer.from(how === 'remove' ? '' : other), after]);
    });

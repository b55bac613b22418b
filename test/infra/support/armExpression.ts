import { createHash } from 'node:crypto';

/** What a template expression of Azure Resource Manager can come to. */
export type ArmValue = string | number | boolean | { readonly [name: string]: ArmValue };

export interface ArmContext {
  /** Of `environment()`. */
  environment: { readonly [name: string]: ArmValue };
  /** Properties of a deployed resource, by its id. */
  reference: (resourceId: string) => { readonly [name: string]: ArmValue };
}

/** The public cloud, and resources whose every property is a fixed GUID or address. */
export const PUBLIC_CLOUD: ArmContext = {
  environment: {
    name: 'AzureCloud',
    suffixes: { storage: 'core.windows.net' },
    authentication: { loginEndpoint: 'https://login.microsoftonline.com/' },
  },
  reference: (resourceId) => ({
    clientId: '5ea9b0c6-4f6e-4a55-8b0c-5b1d0a7a3f11',
    principalId: '7d0a5d3e-98f5-4b63-9c5e-2f5b7cf3a001',
    ConnectionString: 'InstrumentationKey=00000000-0000-0000-0000-000000000000',
    vaultUri: 'https://vault.example/',
    defaultHostName: 'app.example',
    id: resourceId,
  }),
};

/**
 * The value of a text in a snapshot: itself, or that of the expression in its brackets. Knows the functions that the
 * snapshots contain.
 * @throws Error for any other function, or text that is no expression.
 */
export function evaluate(text: string, context: ArmContext = PUBLIC_CLOUD): ArmValue {
  if (!/^\[(?!\[).*\]$/s.test(text)) return text;
  const parser = new Parser(text.slice(1, -1), context);
  return parser.whole();
}

/** The GUID that templates make of texts: version 5, in a namespace that is always the same. */
export function armGuid(...texts: readonly string[]): string {
  const hash = createHash('sha1')
    .update(Buffer.from('11fb06fb712d4ddd98c7e71bbd588830', 'hex'))
    .update(texts.join('-'))
    .digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** The same, where only a text makes sense. */
export function evaluateText(text: string, context: ArmContext = PUBLIC_CLOUD): string {
  const value = evaluate(text, context);
  if (typeof value !== 'string') throw new Error(`no text: ${text}`);
  return value;
}

function asText(value: ArmValue | undefined): string {
  if (value === undefined || typeof value === 'object') throw new Error('a text was expected');
  return String(value);
}

class Parser {
  #at = 0;
  readonly #text: string;
  readonly #context: ArmContext;

  constructor(text: string, context: ArmContext) {
    this.#text = text;
    this.#context = context;
  }

  whole(): ArmValue {
    const value = this.#value();
    if (this.#at !== this.#text.length) throw this.#error('the end was expected');
    return value;
  }

  #value(): ArmValue {
    let value = this.#literalOrCall();
    for (;;) {
      const property = this.#take(/\.([A-Za-z_]\w*)/y)?.[1];
      if (property === undefined) return value;
      if (typeof value !== 'object') throw this.#error(`no properties, so no ${property}`);
      const next: ArmValue | undefined = value[property];
      if (next === undefined) throw this.#error(`no property ${property}`);
      value = next;
    }
  }

  #literalOrCall(): ArmValue {
    const text = this.#take(/'((?:[^']|'')*)'/y)?.[1];
    if (text !== undefined) return text.replaceAll("''", "'");
    const digits = this.#take(/-?\d+/y)?.[0];
    if (digits !== undefined) return Number(digits);
    const name = this.#take(/([A-Za-z]\w*)\(/y)?.[1];
    if (name === undefined) throw this.#error('a value was expected');
    const given: ArmValue[] = [];
    while (this.#take(/\)/y) === undefined) {
      given.push(this.#value());
      this.#take(/,\s*/y);
    }
    return this.#call(name, given);
  }

  #call(name: string, given: readonly ArmValue[]): ArmValue {
    const [first, second, third] = given;
    switch (name) {
      case 'format':
        return asText(first).replace(/\{(\d+)\}/g, (_, index: string) => asText(given[Number(index) + 1]));
      case 'environment':
        return this.#context.environment;
      case 'reference':
        return this.#context.reference(asText(first));
      case 'equals':
        return first === second;
      case 'if':
        return (first === true ? second : third) ?? '';
      case 'guid':
        return armGuid(...given.map(asText));
      case 'true':
      case 'false':
        return name === 'true';
      case 'resourceId':
        return `/subscriptions/${asText(first)}/resourceGroups/${asText(second)}/providers/${asText(third)}/${given.slice(3).map(asText).join('/')}`;
      default:
        throw this.#error(`${name}() is not known here`);
    }
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match;
  }

  #error(why: string): Error {
    return new Error(`${why} at ${this.#at} of ${this.#text}`);
  }
}

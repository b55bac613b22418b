import * as z from 'zod';
import { addressFault } from './values.ts';

/**
 * Connection strings, checked as far as the SDKs will read them: what they refuse they refuse late, and without
 * the name of the setting. No fault quotes a value, for one of them is a key.
 */

const BASE64 = /^[A-Za-z0-9+/]{2,}={0,2}$/;

type Parts = ReadonlyMap<string, string>;

/** Of a storage account: `UseDevelopmentStorage=true`, or one with a key, or with a SAS and both endpoints. */
export const storageConnectionString = connectionString((text, parts) => {
  if (/^UseDevelopmentStorage=true(;|$)/.test(text)) return undefined;
  if (parts.has('AccountKey')) return accountFault(parts);
  if ((parts.get('SharedAccessSignature') ?? '') !== '')
    return endpointFault(parts, ['BlobEndpoint', 'TableEndpoint']);
  return 'must be the connection string of a storage account: it has neither AccountKey nor SharedAccessSignature';
});

/** Of a Service Bus namespace, or of anything that speaks AMQP 1.0 as it does. */
export const serviceBusConnectionString = connectionString((_text, parts) => {
  const endpoint = parts.get('Endpoint') ?? '';
  if (!/^sb:\/\/[^/?#@]+\/?$/.test(endpoint) || !URL.canParse(endpoint.replace(/^sb:/, 'http:'))) {
    return 'must have Endpoint=sb://<host> in it, without a path';
  }
  if (parts.has('EntityPath')) return 'must be that of the whole namespace, without EntityPath';
  const key = ['SharedAccessKeyName', 'SharedAccessKey'].filter((name) => (parts.get(name) ?? '') !== '');
  const signed = (parts.get('SharedAccessSignature') ?? '') !== '';
  if (signed && key.length > 0) return 'must have either SharedAccessKey or SharedAccessSignature, not both';
  return signed || key.length === 2 ? undefined : 'must have SharedAccessKeyName and SharedAccessKey';
});

function accountFault(parts: Parts): string | undefined {
  if (!/^https?$/i.test(parts.get('DefaultEndpointsProtocol') ?? '')) {
    return 'must have DefaultEndpointsProtocol=https in it (http for an emulator)';
  }
  if (!/^[a-z0-9-]+$/.test(parts.get('AccountName') ?? '')) return 'must have AccountName=<account> in it';
  if (!BASE64.test(parts.get('AccountKey') ?? '')) return 'must have an AccountKey of base64 text';
  if (/^[A-Za-z0-9.-]+$/.test(parts.get('EndpointSuffix') ?? '')) {
    return endpointFault(
      parts,
      ['BlobEndpoint', 'TableEndpoint'].filter((name) => parts.has(name)),
    );
  }
  const missing = ['BlobEndpoint', 'TableEndpoint'].filter((name) => !parts.has(name));
  if (missing.length > 0) return 'must have EndpointSuffix, or BlobEndpoint and TableEndpoint';
  return endpointFault(parts, ['BlobEndpoint', 'TableEndpoint']);
}

function endpointFault(parts: Parts, names: readonly string[]): string | undefined {
  for (const name of names) {
    const fault = addressFault(parts.get(name) ?? '');
    if (fault !== undefined) return `has a wrong ${name}: it ${fault}`;
  }
  return undefined;
}

function connectionString(faultOf: (text: string, parts: Parts) => string | undefined) {
  return z.string().superRefine((text, context) => {
    const parts = split(text);
    const fault =
      parts === undefined ? 'must be a connection string: name=value;name=value' : faultOf(text, parts);
    if (fault !== undefined) context.addIssue(fault);
  });
}

/** Undefined if the text is not made of `name=value` pairs, each name once and without blanks around `=`. */
function split(text: string): Parts | undefined {
  const parts = new Map<string, string>();
  for (const part of text.split(';').map((one) => one.trim())) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(at, 0));
    const value = part.slice(at + 1);
    if (!/^[A-Za-z]+$/.test(name) || parts.has(name) || value !== value.trim()) return undefined;
    parts.set(name, value);
  }
  return parts;
}

import { TableClient } from '@azure/data-tables';
import { ServiceBusClient } from '@azure/service-bus';
import { BlobServiceClient } from '@azure/storage-blob';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serviceBusConnectionString, storageConnectionString } from '../../src/config/connectionStrings.ts';

const KEY = 'c2VjcmV0';
const ACCOUNT = `DefaultEndpointsProtocol=https;AccountName=pstndata;AccountKey=${KEY}==`;
const ENDPOINTS = 'BlobEndpoint=http://127.0.0.1:10000/a;TableEndpoint=http://127.0.0.1:10002/a';
const BUS = `Endpoint=sb://pstn-bus.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=${KEY}`;

const faultOf = (schema: typeof storageConnectionString, text: string): string | undefined =>
  schema.safeParse(text).error?.issues[0]?.message;

describe('a connection string of a storage account', () => {
  it.each([
    'UseDevelopmentStorage=true',
    'UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1',
    `${ACCOUNT};EndpointSuffix=core.windows.net`,
    `${ACCOUNT};${ENDPOINTS};`,
    `${ENDPOINTS};SharedAccessSignature=sv=2024-01-01&sig=${KEY}`,
  ])('may be %s', (text) => {
    expect(faultOf(storageConnectionString, text)).toBeUndefined();
  });

  it.each([
    ['UseDevelopmentStorage=True', /neither AccountKey/],
    [`AccountName=x;AccountKey=${KEY};EndpointSuffix=y`, /DefaultEndpointsProtocol/],
    [
      `DefaultEndpointsProtocol=ftp;AccountName=x;AccountKey=${KEY};EndpointSuffix=y`,
      /DefaultEndpointsProtocol/,
    ],
    [`DefaultEndpointsProtocol=https;AccountKey=${KEY};EndpointSuffix=y`, /AccountName/],
    ['DefaultEndpointsProtocol=https;AccountName=x;AccountKey=;EndpointSuffix=y', /AccountKey/],
    [`DefaultEndpointsProtocol=https;AccountName=x;AccountKey=*${KEY};EndpointSuffix=y`, /AccountKey/],
    [ACCOUNT, /EndpointSuffix, or BlobEndpoint and TableEndpoint/],
    [`${ACCOUNT};BlobEndpoint=http://127.0.0.1:1/a`, /EndpointSuffix, or BlobEndpoint and TableEndpoint/],
    [`${ACCOUNT};BlobEndpoint=here;TableEndpoint=there`, /BlobEndpoint: it must be an absolute URL/],
    [`BlobEndpoint=https://x;SharedAccessSignature=sig=${KEY}`, /TableEndpoint/],
    [`${ACCOUNT};EndpointSuffix=y;garbage`, /must be a connection string/],
    [`${ACCOUNT};EndpointSuffix=y;EndpointSuffix=z`, /must be a connection string/],
    [`AccountKey = ${KEY}`, /must be a connection string/],
  ])('may not be %s', (text, why) => {
    const fault = faultOf(storageConnectionString, text);
    expect(fault).toMatch(why);
    expect(fault).not.toContain(KEY);
  });

  it('that is accepted is accepted by both SDKs as well', () => {
    const names = [
      'DefaultEndpointsProtocol',
      'AccountName',
      'AccountKey',
      'EndpointSuffix',
      'BlobEndpoint',
      'TableEndpoint',
      'SharedAccessSignature',
      'UseDevelopmentStorage',
    ];
    const values = ['https', 'http', 'x', `${KEY}==`, 'true', '', 'https://a.b/c', 'sig=1', 'a b'];
    const part = fc
      .tuple(fc.constantFrom(...names), fc.constantFrom(...values))
      .map((pair) => pair.join('='));
    const near = fc.constantFrom(ACCOUNT, ENDPOINTS, '', 'DefaultEndpointsProtocol=http');
    let accepted = 0;
    fc.assert(
      fc.property(near, fc.array(part, { maxLength: 5 }), (start, parts) => {
        const text = [start, ...parts].join(';');
        if (faultOf(storageConnectionString, text) !== undefined) return;
        accepted += 1;
        BlobServiceClient.fromConnectionString(text);
        TableClient.fromConnectionString(text, 'windows', { allowInsecureConnection: true });
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});

describe('a connection string of Service Bus', () => {
  it.each([
    BUS,
    `${BUS};`,
    `Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true;`,
    'Endpoint=sb://[::1]:5672;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true',
    `Endpoint=sb://x.servicebus.windows.net;SharedAccessSignature=SharedAccessSignature sr=x&sig=${KEY}`,
  ])('may be %s', async (text) => {
    expect(faultOf(serviceBusConnectionString, text)).toBeUndefined();
    await new ServiceBusClient(text).close();
  });

  it.each([
    ['Endpoint=https://x.servicebus.windows.net;SharedAccessKeyName=a;SharedAccessKey=b', /Endpoint=sb:/],
    ['Endpoint=sb://;SharedAccessKeyName=a;SharedAccessKey=b', /Endpoint=sb:/],
    ['Endpoint=sb://x:99999;SharedAccessKeyName=a;SharedAccessKey=b', /Endpoint=sb:/],
    ['Endpoint=sb://x/queue;SharedAccessKeyName=a;SharedAccessKey=b', /without a path/],
    ['Endpoint=sb://me@x;SharedAccessKeyName=a;SharedAccessKey=b', /Endpoint=sb:/],
    [`${BUS};EntityPath=pstn-days`, /without EntityPath/],
    ['Endpoint=sb://x;SharedAccessKeyName=a', /SharedAccessKeyName and SharedAccessKey/],
    [`Endpoint=sb://x;SharedAccessKey=${KEY}`, /SharedAccessKeyName and SharedAccessKey/],
    [`${BUS};SharedAccessSignature=SharedAccessSignature x`, /not both/],
    [KEY, /must be a connection string/],
  ])('may not be %s', (text, why) => {
    const fault = faultOf(serviceBusConnectionString, text);
    expect(fault).toMatch(why);
    expect(fault).not.toContain(KEY);
  });
});

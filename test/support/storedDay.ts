import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import type { ExpectedDay, ExpectedTotals } from './expectedDay.ts';
import { landedLine, rejectedLine } from './storedLines.ts';

/** What is stored of a day, in the forms of the oracle. */
export type StoredDay = Omit<ExpectedDay, 'withoutDay'>;

/** What the head of a day's totals says, and what the ledger says of its windows. */
export interface StoredState {
  head: { complete: boolean; open: boolean; rows: number; rejected: number } | undefined;
  windows: StoredWindow[];
}

export interface StoredWindow {
  id: string;
  state: string;
  rows: number;
  rejected: number;
  attempts: number;
  reads: number;
  lastError: string | undefined;
}

export type StorageReader = ReturnType<typeof storageReader>;

/** Reads a storage account by Microsoft's clients alone. */
export function storageReader(connectionString: string) {
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('pstn-raw');
  const table = (name: string): TableClient =>
    TableClient.fromConnectionString(connectionString, name, { allowInsecureConnection: true });
  const partition = (name: string, date: string) =>
    table(name).listEntities({ queryOptions: { filter: `PartitionKey eq '${date}'` } });

  const lines = async (
    prefix: string,
    isWanted: (name: string) => boolean,
  ): Promise<Record<string, string[]>> => {
    const found: Record<string, string[]> = {};
    for await (const { name } of container.listBlobsFlat({ prefix })) {
      if (!isWanted(name)) continue;
      const text = (await container.getBlobClient(name).downloadToBuffer()).toString('utf8');
      if (text !== '' && !text.endsWith('\n')) throw new Error(`${name} does not end in a line feed`);
      const ofBlob = text.split('\n').slice(0, -1);
      if (ofBlob.length > 0) found[name] = ofBlob;
    }
    return found;
  };
  const forms = async (
    prefix: string,
    form: (line: string) => string,
    isWanted: (name: string) => boolean = () => true,
  ): Promise<Record<string, string[]>> =>
    Object.fromEntries(
      Object.entries(await lines(prefix, isWanted)).map(([name, ofBlob]) => [name, ofBlob.map(form).sort()]),
    );

  return {
    async day(date: string): Promise<StoredDay> {
      const totals: ExpectedTotals[] = [];
      for await (const entity of partition('dailyTotals', date)) {
        if (entity.rowKey?.startsWith('!') === false) totals.push(totalsIn(entity));
      }
      return {
        raw: await forms(`ndjson/v1/callDate=${date}/`, landedLine),
        rejected: await forms(`rejected/v1/callDate=${date}/`, rejectedLine),
        totals,
      };
    },

    /** Rows that name no day, of all reads so far, by names that are wanted. */
    withoutDay: (isWanted: (name: string) => boolean) =>
      forms('rejected/v1/callDate=unknown/', rejectedLine, isWanted),

    /** Names of all blobs of a day. */
    blobs: async (date: string): Promise<string[]> => {
      const names: string[] = [];
      for (const root of ['ndjson', 'rejected', 'aside']) {
        const prefix = `${root}/v1/callDate=${date}/`;
        for await (const { name } of container.listBlobsFlat({ prefix, includeUncommitedBlobs: false })) {
          names.push(name);
        }
      }
      return names;
    },

    async state(date: string): Promise<StoredState> {
      const windows: StoredWindow[] = [];
      for await (const entity of partition('windows', date)) {
        if (entity.rowKey?.startsWith('!') === false) windows.push(windowIn(entity));
      }
      let head: StoredState['head'];
      for await (const entity of partition('dailyTotals', date)) {
        if (entity.rowKey === '!day') head = headIn(entity);
      }
      return { head, windows };
    },
  };
}

type Entity = Record<string, unknown>;

const headIn = (entity: Entity): StoredState['head'] => ({
  complete: entity['complete'] as boolean,
  open: entity['open'] as boolean,
  rows: entity['rows'] as number,
  rejected: entity['rejected'] as number,
});

const windowIn = (entity: Entity): StoredWindow => ({
  id: entity['rowKey'] as string,
  state: entity['state'] as string,
  rows: entity['rows'] as number,
  rejected: entity['rejected'] as number,
  attempts: entity['attempts'] as number,
  reads: entity['reads'] as number,
  lastError: entity['lastError'] as string | undefined,
});

const totalsIn = (entity: Entity): ExpectedTotals => ({
  userId: entity['userId'] as string | undefined,
  currency: entity['currency'] as string | undefined,
  userPrincipalName: entity['userPrincipalName'] as string | undefined,
  userDisplayName: entity['userDisplayName'] as string | undefined,
  calls: entity['calls'] as number,
  callsIn: entity['callsIn'] as number,
  callsOut: entity['callsOut'] as number,
  durationSeconds: entity['durationSeconds'] as bigint,
  charge: entity['charge'] as string,
  connectionCharge: entity['connectionCharge'] as string,
  chargeMicros: entity['chargeMicros'] as bigint,
  connectionChargeMicros: entity['connectionChargeMicros'] as bigint,
  callsUnpriced: entity['callsUnpriced'] as number,
  firstCallAt: entity['firstCallAt'] as string,
  lastCallAt: entity['lastCallAt'] as string,
});

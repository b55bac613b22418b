import { expect } from 'vitest';
import type { Entity, EntityValue } from '../../../../src/storage/tables.ts';
import { memoryContainer, type MemoryContainer } from '../../../support/memoryBlobs.ts';
import type { MemoryTable } from '../../../support/memoryTables.ts';
import { digestOf } from '../landing.ts';
import { judge } from '../judge.ts';
import type { BlobVersion, FinalState } from '../state.ts';
import { finishedRun } from './finishedRun.ts';

export const RAW = (date: string, hour: string): string =>
  `ndjson/v1/callDate=${date}/pstn-calls-${hour}00-PT60M.jsonl`;
export const REJECTED = (date: string, hour: string): string => RAW(date, hour).replace('ndjson', 'rejected');

type TableName = 'windows' | 'dailyTotals' | 'monthlyTotals';

/** A state that is exact, in which a test may change anything without others seeing it. */
export class Planted {
  readonly final: FinalState;
  readonly history: Map<string, BlobVersion>;
  readonly tables: Record<TableName, Entity[]>;

  constructor(exact: FinalState) {
    this.tables = {
      windows: exact.windows.all(),
      dailyTotals: exact.dailyTotals.all(),
      monthlyTotals: exact.monthlyTotals.all(),
    };
    this.history = new Map(exact.history);
    this.final = {
      ...exact,
      raw: copyOf(exact.raw),
      control: copyOf(exact.control),
      history: this.history,
      windows: this.#table(exact, 'windows'),
      dailyTotals: this.#table(exact, 'dailyTotals'),
      monthlyTotals: this.#table(exact, 'monthlyTotals'),
    };
  }

  #table(exact: FinalState, name: TableName): MemoryTable {
    return { ...exact[name], all: () => this.tables[name] };
  }

  entity(table: TableName, partitionKey: string, rowKey: string | RegExp): Entity {
    const found = this.tables[table].find(
      (one) =>
        one.partitionKey === partitionKey &&
        (typeof rowKey === 'string' ? one.rowKey === rowKey : rowKey.test(one.rowKey)),
    );
    if (found === undefined) throw new Error(`${table} has no ${String(rowKey)} in ${partitionKey}`);
    return found;
  }

  set(
    table: TableName,
    partition: string,
    rowKey: string | RegExp,
    columns: Record<string, EntityValue>,
  ): void {
    Object.assign(this.entity(table, partition, rowKey).properties, columns);
  }

  unset(table: TableName, partition: string, rowKey: string, column: string): void {
    const entity = this.entity(table, partition, rowKey);
    entity.properties = Object.fromEntries(
      Object.entries(entity.properties).filter(([name]) => name !== column),
    );
  }

  remove(table: TableName, partition: string, rowKey: string | RegExp): void {
    const entity = this.entity(table, partition, rowKey);
    this.tables[table].splice(this.tables[table].indexOf(entity), 1);
  }

  /** A second entity like one that is there. */
  add(
    table: TableName,
    partition: string,
    like: string | RegExp,
    rowKey: string,
    partitionKey = partition,
  ): void {
    const { properties, etag } = this.entity(table, partition, like);
    this.tables[table].push({ partitionKey, rowKey, etag, properties: { ...properties } });
  }

  /** Changes the lines of a blob; its metadata tell of the new ones. */
  lines(name: string, change: (lines: string[]) => string[]): void {
    const blob = this.blob(this.final.raw, name);
    const lines = change(Buffer.from(blob.content).toString('utf8').split('\n').slice(0, -1));
    const text = lines.map((line) => `${line}\n`).join('');
    const metadata = { ...blob.metadata, rows: String(lines.length), digest: digestOf(lines) };
    this.final.raw.blobs.set(name, { ...blob, content: Buffer.from(text), metadata });
    this.history.set(blob.etag, { name, text, metadata });
  }

  metadata(name: string, change: Record<string, string>): void {
    const blob = this.blob(this.final.raw, name);
    this.final.raw.blobs.set(name, { ...blob, metadata: { ...blob.metadata, ...change } });
  }

  /** Changes a document of `pstn-control`. */
  json(name: string, change: (document: Record<string, unknown>) => unknown): void {
    const blob = this.blob(this.final.control, name);
    const document = JSON.parse(Buffer.from(blob.content).toString('utf8')) as Record<string, unknown>;
    change(document);
    this.final.control.blobs.set(name, { ...blob, content: Buffer.from(JSON.stringify(document)) });
  }

  blob(container: MemoryContainer, name: string) {
    const blob = container.blobs.get(name);
    if (blob === undefined) throw new Error(`there is no blob ${name}`);
    return blob;
  }

  text(table: TableName, partition: string, rowKey: string, column: string): string {
    const value = this.entity(table, partition, rowKey).properties[column];
    if (typeof value !== 'string') throw new Error(`${column} of ${rowKey} is no text`);
    return value;
  }

  /** The one column of a day's head. */
  ofHead(date: string, column: string): string {
    return this.text('dailyTotals', date, '!day', column);
  }
}

function copyOf(container: MemoryContainer): MemoryContainer {
  const copy = memoryContainer(container.name);
  for (const [name, blob] of container.blobs) copy.blobs.set(name, blob);
  return copy;
}

let exact: Promise<FinalState> | undefined;

export const planted = async (): Promise<Planted> => new Planted(await (exact ??= finishedRun()));

/** One fault, and the words with which the oracle has to name it. */
export type Plant = readonly [fault: string, words: RegExp, plant: (state: Planted) => void];

export async function expectNamed(words: RegExp, plant: (state: Planted) => void): Promise<void> {
  const state = await planted();
  plant(state);
  const differences = judge(state.final);
  expect(
    differences.filter((one) => words.test(one)),
    differences.join('\n'),
  ).not.toEqual([]);
}

/** What the documents allow is no difference. */
export async function expectAccepted(plant: (state: Planted) => void): Promise<void> {
  const state = await planted();
  plant(state);
  expect(judge(state.final)).toEqual([]);
}

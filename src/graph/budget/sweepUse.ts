import { StorageError } from '../../storage/blobs.ts';
import { MAX_TRANSACTION_OPERATIONS, type Table, type TableOperation } from '../../storage/tables.ts';
import { BUDGET_PARTITION, USE_RANGE, useRow } from './budgetEntity.ts';

/** A week can be looked back at, whatever the hour is. */
const KEPT_MS = 8 * 24 * 3_600_000;

/** Deletes the counts of hours that nobody asks for any more. @returns how many */
export async function sweepUse(table: Pick<Table, 'query' | 'transact'>, nowMs: number): Promise<number> {
  const old: TableOperation[] = [];
  const range = { from: USE_RANGE.from, below: useRow(nowMs - KEPT_MS) };
  for await (const { rowKey } of table.query(BUDGET_PARTITION, range)) old.push({ kind: 'delete', rowKey });
  try {
    for (let at = 0; at < old.length; at += MAX_TRANSACTION_OPERATIONS) {
      await table.transact(BUDGET_PARTITION, old.slice(at, at + MAX_TRANSACTION_OPERATIONS));
    }
  } catch (error) {
    // Another pass was faster; what it left is for the next one.
    if (!(error instanceof StorageError && error.status === 404 && error.code !== 'TableNotFound'))
      throw error;
  }
  return old.length;
}

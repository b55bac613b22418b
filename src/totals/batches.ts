import { MAX_TRANSACTION_BYTES, MAX_TRANSACTION_OPERATIONS, type TableOperation } from '../storage/tables.ts';

/** Around each operation: address, headers, boundaries, the other key, type annotations. */
const OVERHEAD_BYTES = 3_000;
/** The head goes first in every transaction. */
const HEAD_BYTES = 64 * 1024 + OVERHEAD_BYTES;

/**
 * Groups operations, in order, so that each group fits one transaction together with the head. At least one
 * group, which may be empty: the head is written even if nothing else is.
 */
export function groupOperations(operations: readonly TableOperation[]): TableOperation[][] {
  let group: TableOperation[] = [];
  let groupBytes = HEAD_BYTES;
  const groups = [group];
  for (const operation of operations) {
    const bytes = sizeOf(operation);
    const full =
      group.length + 1 === MAX_TRANSACTION_OPERATIONS || groupBytes + bytes >= MAX_TRANSACTION_BYTES;
    if (full && group.length > 0) {
      groups.push((group = []));
      groupBytes = HEAD_BYTES;
    }
    group.push(operation);
    groupBytes += bytes;
  }
  return groups;
}

/** Upper estimate of an operation's share of the request, in bytes. */
export function sizeOf(operation: TableOperation): number {
  // The key stands in the address, percent-encoded, and in the body.
  const key = encodeURIComponent(operation.rowKey).length + 6 * operation.rowKey.length;
  if (operation.kind === 'delete') return OVERHEAD_BYTES + key;
  const body = JSON.stringify(operation.properties, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return OVERHEAD_BYTES + key + Buffer.byteLength(body);
}

import type { Entity, EntityValue } from '../../../src/storage/tables.ts';
import { differs, isInstant, told } from './differences.ts';
import { dateOfWindow, endOfWindowMs } from './hours.ts';
import type { Facts } from './facts.ts';

const EMPTY_DIGEST = '0'.repeat(64);
/** Columns of trouble: gone as soon as a read is accepted. */
const DOUBTS = ['lastError', 'accepted', 'unfenced', 'shrunkAt', 'shrunkClaim', 'unverified'];

/** The ledger knows each window that had to be read, and says of it what is stored. */
export function judgeCoverage(facts: Facts): string[] {
  const { windowIds, windows, dates } = facts;
  return [
    ...windowIds.flatMap((id) => {
      const entity = windows.get(dateOfWindow(id))?.get(id);
      if (entity === undefined) return [`ledger ${id}: the window is not known`];
      return [...stateDifferences(id, entity, facts), ...contentDifferences(id, entity, facts)];
    }),
    ...dates.flatMap((date) => counterDifferences(date, facts)),
  ];
}

/** It was read, by a read that ended, and nothing is doubted. */
function stateDifferences(id: string, { properties }: Entity, { final }: Facts): string[] {
  const what = `ledger ${id}`;
  const { claim, done, reads, plannedAt, claimedAt, firstReadAt, lastReadAt, lane } = properties;
  const differences = [
    ...differs(`${what}: state`, properties['state'], 'read'),
    ...differs(`${what}: attempts`, properties['attempts'], 0),
    ...DOUBTS.flatMap((name) => differs(`${what}: ${name}`, properties[name], undefined)),
  ];
  if (!isCount(claim) || !isCount(done) || done < 1 || done > claim) {
    differences.push(`${what}: claim ${told(claim)} and done ${told(done)}`);
  } else if (done !== claim && !(String(plannedAt) > String(claimedAt))) {
    differences.push(`${what}: read ${claim} has not ended (done ${done}) and was not planned again`);
  }
  if (!isCount(reads) || reads < 1) differences.push(`${what}: reads is ${told(reads)}`);
  if (lane !== undefined && lane !== 'live' && lane !== 'backfill')
    differences.push(`${what}: lane is ${told(lane)}`);
  const { clocksApartMs = 0, nowMs } = final;
  if (!isInstant(firstReadAt) || !isInstant(lastReadAt)) {
    differences.push(`${what}: firstReadAt ${told(firstReadAt)}, lastReadAt ${told(lastReadAt)}`);
    return differences;
  }
  const [firstMs, lastMs] = [Date.parse(firstReadAt), Date.parse(lastReadAt)];
  if (lastMs < firstMs - clocksApartMs) differences.push(`${what}: lastReadAt is before firstReadAt`);
  if (lastMs < endOfWindowMs(id)) differences.push(`${what}: lastReadAt ${lastReadAt} is before its end`);
  if (lastMs > nowMs + clocksApartMs) differences.push(`${what}: lastReadAt ${lastReadAt} is yet to come`);
  return differences;
}

/** Counts, digest and ETag are those of the blobs. */
function contentDifferences(id: string, { properties }: Entity, { raw, expected }: Facts): string[] {
  const what = `ledger ${id}`;
  const blob = raw.get(id);
  const differences = [
    ...differs(`${what}: rows`, properties['rows'], expected.fitting.get(id)?.length ?? 0),
    ...differs(`${what}: rejected`, properties['rejected'], expected.rejected.get(id)?.length ?? 0),
    ...differs(`${what}: digest`, properties['digest'], blob?.landed.digest ?? EMPTY_DIGEST),
    ...differs(`${what}: notified`, properties['notified'], blob?.etag),
  ];
  const { done } = properties;
  if (blob !== undefined && isCount(done) && Number(blob.metadata['claim']) > done) {
    differences.push(`${what}: the blob is of read ${blob.metadata['claim'] ?? ''}, done is ${done}`);
  }
  return differences;
}

/** No read to come may get a number that was given already. */
function counterDifferences(date: string, { windows, raw, rejected }: Facts): string[] {
  const counter = windows.get(date)?.get('!day')?.properties['claim'];
  if (!isCount(counter)) return [`ledger ${date}: the counter of claims is ${told(counter)}`];
  const given = [
    ...[...(windows.get(date) ?? [])].map(([id, { properties }]) => [id, properties['claim']] as const),
    ...[raw, rejected].flatMap((blobs) =>
      [...blobs.values()]
        .filter(({ windowId }) => dateOfWindow(windowId) === date)
        .map(({ name, metadata }) => [name, Number(metadata['claim'])] as const),
    ),
  ];
  return given
    .filter(([, claim]) => isCount(claim) && claim > counter)
    .map(([of, claim]) => `ledger ${date}: the counter is ${counter}, ${of} has claim ${told(claim)}`);
}

const isCount = (value: EntityValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

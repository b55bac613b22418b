import type { PstnCallsRequest } from './odata.ts';
import type { Tenant } from './tenant.ts';
import type { PagingTraps } from './traps/traps.ts';
import type { Page } from './answers.ts';
import type { WireRow } from './wire.ts';

export const PAGE_ROWS = 1_000;
const AFTER_EMPTY = 'after-empty';

/** The page that a request asks for, as the tenant's log stands at `nowMs`. */
export function pageOf(
  tenant: Tenant,
  request: PstnCallsRequest,
  nowMs: number,
  origin: string,
  traps: Partial<PagingTraps>,
): Page {
  const { version, from, to, skip } = request;
  if (traps.emptyPages === true && request.skipToken !== AFTER_EMPTY) {
    return { origin, version, rows: [], nextLink: nextLinkOf(origin, request, skip, AFTER_EMPTY) };
  }
  const repeats = traps.repeatRowOnNextPage === true || traps.changedRowOnNextPage === true;
  const repeated = repeats && skip > 0 ? 1 : 0;
  const limit = PAGE_ROWS + repeated;
  // One more than the page holds, to know whether there is a next one.
  const found = tenant.rows({ from, to, nowMs, skip: skip - repeated, limit: limit + 1 });
  const rows = found.slice(0, limit);
  const [first] = rows;
  if (traps.changedRowOnNextPage === true && repeated > 0 && first !== undefined) {
    rows[0] = withOtherCharge(first);
  }
  const more = found.length > limit;
  return {
    origin,
    version,
    rows,
    nextLink: more ? nextLinkOf(origin, request, skip + PAGE_ROWS) : undefined,
  };
}

/** As in the example of Microsoft's page: the parameters are named `from` and `to` there. */
function nextLinkOf(origin: string, request: PstnCallsRequest, skip: number, token?: string): string {
  const { path, fromText, toText } = request;
  const suffix = token === undefined ? '' : `&$skiptoken=${token}`;
  return `${origin}${path}(from=${fromText},to=${toText})?$skip=${skip}${suffix}`;
}

const withOtherCharge = (row: WireRow): WireRow => ({ ...row, charge: { literal: '77.000001' } });

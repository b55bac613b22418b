import { createTenant } from '../../src/local/graph/tenant.ts';
import { type ApiVersion, rowJson, type WireRow } from '../../src/local/graph/wire.ts';
import { HOUR_MS, instantText, TICKS_A_DAY, TICKS_A_MS } from '../../src/local/graph/ticks.ts';

/** Calls that start evenly over `hours` hours of a day. */
export interface Load {
  version: ApiVersion;
  rows: number;
  hours: number;
  /** Begin of the first hour, midnight of a day. */
  fromMs: number;
}

export const PAGE_ROWS = 1_000;
const DAY_MS = 24 * HOUR_MS;
const TEMPLATES = 5_000;
/** A Wednesday of the simulated tenant, years before it would still change. */
const TEMPLATE_DAY_MS = Date.parse('2024-05-15T00:00:00Z');

/** Rows as a tenant of some hundred users has them; only their ids and times are made anew for every page. */
const templates: readonly WireRow[] = createTenant({ seed: 7, callsAWeek: TEMPLATES * 6 }).rows({
  from: { epochMs: TEMPLATE_DAY_MS, ticks: 0 },
  to: { epochMs: TEMPLATE_DAY_MS + DAY_MS, ticks: 0 },
  nowMs: TEMPLATE_DAY_MS + 365 * DAY_MS,
  skip: 0,
  limit: TEMPLATES,
});

/** The pages of a load as they go over the wire. `linkOf` is the address of the page with an index. */
export function makePages(load: Load, linkOf: (page: number) => string): Buffer[] {
  const count = Math.ceil(load.rows / PAGE_ROWS);
  return Array.from({ length: count }, (_, page) => {
    const first = page * PAGE_ROWS;
    const rows = Array.from({ length: Math.min(PAGE_ROWS, load.rows - first) }, (__, row) =>
      rowJson(rowAt(load, first + row), load.version),
    );
    const link = page + 1 < count ? `"@odata.nextLink":${JSON.stringify(linkOf(page + 1))},` : '';
    return Buffer.from(
      `{"@odata.context":"https://graph.microsoft.com/${load.version}/$metadata#Collection(microsoft.graph.callRecords.pstnCallLogRow)",` +
        `"@odata.count":${PAGE_ROWS},${link}"value":[${rows.join(',')}]}`,
    );
  });
}

function rowAt({ rows, hours, fromMs }: Load, index: number): WireRow {
  const template = templates[index % templates.length] ?? {};
  const day = Math.floor(fromMs / DAY_MS);
  const tick = Math.floor((index / rows) * hours * HOUR_MS * TICKS_A_MS);
  const seconds = Number(template['duration'] ?? 0);
  return {
    ...template,
    id: guidOf(day, index),
    startDateTime: instantText(day, tick),
    endDateTime: instantText(day, Math.min(tick + seconds * 1_000 * TICKS_A_MS, 2 * TICKS_A_DAY)),
  };
}

/** Different for every day and index, with digits as scattered as those of a random one. */
function guidOf(day: number, index: number): string {
  const hex = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f]
    .map((factor) => (Math.imul(index + 1, factor) ^ Math.imul(day, factor + 2)) >>> 0)
    .map((word) => word.toString(16).padStart(8, '0'))
    .join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

import { PageRows } from '../../src/graph/pageRows.ts';
import type { PstnCallsPage, PstnCallsSource } from '../../src/graph/pstnCalls.ts';
import { readPage } from '../../src/graph/readPage.ts';
import { DAY_MS, HOUR_MS, TICKS_A_MS } from '../../src/local/graph/ticks.ts';
import { PAGE_ROWS } from '../../src/windows/expectedRequests.ts';
import { type CountedTenant, firstFrom, ticksOf } from './countedTenant.ts';

const HEAD = '{"value":[';
const ROW = '{"id":"00000000-0000-4000-a000-000000000000","startDateTime":"2000-01-01T00:00:00.0000000Z"}';
const ID_AT = ROW.indexOf('00000000');
const SERIAL_AT = ROW.indexOf('000000000000');
const DATE_AT = ROW.indexOf('2000-01-01');
const TIME_AT = ROW.indexOf('00:00:00');
const SERIAL_DIGITS = 12;
const ZERO = 0x30;

/** Pages over a counted tenant, 1,000 rows each, of rows that have an id and a start: what requests depend on. */
export interface CountedSource extends PstnCallsSource {
  readonly requests: number;
  readonly rows: number;
}

export function countedSource(tenant: CountedTenant, nowMs: () => number): CountedSource {
  const page = new PageWriter();
  const rows = new PageRows();
  const counts = { requests: 0, rows: 0 };
  const pageOf = (number: number): PstnCallsPage => {
    counts.requests += 1;
    counts.rows += page.rows;
    return {
      number,
      rows: readPage(page.take(), 'https://graph.microsoft.com', rows).rows,
      requestId: undefined,
    };
  };
  return {
    get requests() {
      return counts.requests;
    },
    get rows() {
      return counts.rows;
    },
    // eslint-disable-next-line @typescript-eslint/require-await
    async *readPages(fromMs, toMs) {
      const publishedBy = nowMs();
      let number = 1;
      for (let day = Math.floor(fromMs / DAY_MS); day * DAY_MS <= toMs; day += 1) {
        const { ticks, publishedMs } = tenant.day(day);
        page.date = new Date(day * DAY_MS).toISOString().slice(0, 10);
        const last = ticksOf(toMs - day * DAY_MS);
        for (let call = firstFrom(ticks, ticksOf(fromMs - day * DAY_MS)); call < ticks.length; call += 1) {
          const tick = ticks[call] ?? 0;
          if (tick > last) break;
          if ((publishedMs[call] ?? Infinity) > publishedBy) continue;
          if (page.rows === PAGE_ROWS) yield pageOf(number++);
          page.add(day, call, tick);
        }
      }
      yield pageOf(number);
    },
  };
}

/** Writes rows over a page that has the right form already. */
class PageWriter {
  rows = 0;
  date = '';
  readonly #bytes = Buffer.from(HEAD + `${ROW},`.repeat(PAGE_ROWS));

  add(day: number, call: number, tick: number): void {
    const at = HEAD.length + this.rows * (ROW.length + 1);
    const bytes = this.#bytes;
    bytes.write(day.toString(16).padStart(8, '0'), at + ID_AT, 'latin1');
    bytes.write(call.toString(16).padStart(SERIAL_DIGITS, '0'), at + SERIAL_AT, 'latin1');
    bytes.write(this.date, at + DATE_AT, 'latin1');
    const seconds = Math.floor(tick / (TICKS_A_MS * 1_000));
    this.#digits(at + TIME_AT, Math.floor((seconds * 1_000) / HOUR_MS), 2);
    this.#digits(at + TIME_AT + 3, Math.floor(seconds / 60) % 60, 2);
    this.#digits(at + TIME_AT + 6, seconds % 60, 2);
    this.#digits(at + TIME_AT + 9, tick % (TICKS_A_MS * 1_000), 7);
    this.rows += 1;
  }

  /** The page, and a new one is begun. */
  take(): Buffer {
    const end = HEAD.length + Math.max(0, this.rows * (ROW.length + 1) - 1);
    this.rows = 0;
    return Buffer.concat([this.#bytes.subarray(0, end), Buffer.from(']}')]);
  }

  #digits(at: number, value: number, count: number): void {
    let left = value;
    for (let digit = count - 1; digit >= 0; digit -= 1) {
      this.#bytes[at + digit] = ZERO + (left % 10);
      left = Math.floor(left / 10);
    }
  }
}

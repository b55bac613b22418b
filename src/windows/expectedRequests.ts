/** Rows of one page of Graph. */
export const PAGE_ROWS = 1_000;

/** Requests of a page sequence that finds so many rows: one without rows costs one all the same. */
export const expectedRequests = (rows: number): number => Math.max(1, Math.ceil(rows / PAGE_ROWS));

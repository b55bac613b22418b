/**
 * Limits of the services that are out of reach of a small log. The bundle of the suite asks here (see `run.mjs`), so
 * that a schedule can have what otherwise comes about on large days only.
 */
declare global {
  var chaosLimits: { transactionOperations?: number } | undefined;
}

/** Of the schedules that run from now on. @param transactionOperations operations of one transaction of totals */
export function setLimits(transactionOperations: number): void {
  globalThis.chaosLimits = { transactionOperations };
}

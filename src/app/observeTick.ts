import type { Environment } from '../config/config.ts';
import { CLOUDS } from '../graph/clouds.ts';
import { createCredential } from '../graph/credential.ts';
import { readBudgetFigures } from '../report/budget.ts';
import { inParallel } from '../runtime/inParallel.ts';
import { lazy } from '../runtime/lazy.ts';
import type { Log } from '../runtime/log.ts';
import { measure } from '../telemetry/measure.ts';
import type { SendMeasurements } from '../telemetry/metrics.ts';
import { datesBetween, sourceStartMs } from '../windows/grid.ts';
import type { LedgerEntry } from '../windows/ledger.ts';
import { readPlannerState } from '../windows/plannerState.ts';
import type { Services } from './services.ts';

type ObservedServices = Pick<Services, 'config' | 'clock' | 'control' | 'ledger' | 'budgetTable'>;

const PARALLEL_DAYS = 8;

/** Connected once a process, by the first tick that has something to tell. */
const applicationInsights = lazy(async (): Promise<SendMeasurements> => {
  const { azureMetrics } = await import('../telemetry/azureMetrics.ts');
  const { APPLICATIONINSIGHTS_CONNECTION_STRING: text = '', GRAPH_CLOUD: cloud } = process.env;
  const { authorityHost } = cloud === 'usgov' || cloud === 'dod' ? CLOUDS[cloud] : CLOUDS.global;
  return azureMetrics(text, await createCredential(process.env, authorityHost)).send;
});

/** Where measurements go; undefined if this environment names no Application Insights. */
export const senderOf = (environment: Environment): SendMeasurements | undefined =>
  (environment['APPLICATIONINSIGHTS_CONNECTION_STRING'] ?? '').trim() === ''
    ? undefined
    : async (measurements) => (await applicationInsights.get())(measurements);

/**
 * Tells what there is to tell at the end of a tick. Never rejects: the tick has done its work, and a missing
 * measurement raises the alarm of a timer that has stopped, as it should.
 * @param realNowMs time of the request budget, whatever clock the pipeline decides by
 */
export async function observeTick(
  services: ObservedServices,
  log: Log,
  {
    send = senderOf(process.env),
    realNowMs = Date.now(),
  }: { send?: SendMeasurements | undefined; realNowMs?: number } = {},
): Promise<void> {
  if (send === undefined) return;
  try {
    const { config, clock, control, ledger, budgetTable } = services;
    const nowMs = clock.nowMs();
    const [planner, budget] = await Promise.all([
      readPlannerState(control),
      readBudgetFigures(budgetTable, config, realNowMs),
    ]);
    const coverageFromMs = planner === undefined ? undefined : Date.parse(planner.state.coverageFrom);
    const fromMs = Math.max(coverageFromMs ?? nowMs, sourceStartMs(nowMs, config.SOURCE_DAYS));
    const entries: LedgerEntry[] = [];
    await inParallel(datesBetween(fromMs, nowMs + 1), PARALLEL_DAYS, async (date) => {
      entries.push(...(await ledger.readDay(date)));
    });
    await send(measure({ entries, coverageFromMs, nowMs, sourceDays: config.SOURCE_DAYS, budget }));
  } catch (error) {
    log.warn('measurementsNotSent', { reason: error instanceof Error ? error.message : String(error) });
  }
}

import type { RpcTypedData } from './coreTypes.ts';
import { dotNetInstant } from './dotNetInstant.ts';
import type { TimerStatus } from './timerStatus.ts';

/** The value of a timer trigger. Without a status, the function gets null for it. */
export function toRpcTimer(status: TimerStatus | undefined, isPastDue: boolean): RpcTypedData {
  const timer = {
    Schedule: { AdjustForDST: true },
    ScheduleStatus:
      status === undefined
        ? null
        : {
            Last: written(status.lastMs),
            Next: written(status.nextMs),
            LastUpdated: written(status.updatedMs),
          },
    IsPastDue: isPastDue,
  };
  return { json: JSON.stringify(timer) };
}

/** "Never" is the first instant of year 1. */
const written = (ms: number | undefined): string =>
  ms === undefined ? '0001-01-01T00:00:00+00:00' : dotNetInstant(new Date(ms), '+00:00');

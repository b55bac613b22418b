import type { Log } from '../runtime/log.ts';

/** One day that cannot be read must not stop the others; many mean that storage is away. */
const MAX_FAULTS = 5;

/** Lets parts of a tick fail, each by itself. */
export interface PlanFaults {
  /**
   * Resolves to undefined if the part failed, which is logged.
   * @param subject a date or a month, or what else the part is about
   */
  tolerate: <T>(subject: string, part: () => Promise<T>) => Promise<T | undefined>;
  /** @throws AggregateError if a part failed. */
  throwIfAny: () => void;
}

export function planFaults(log: Log): PlanFaults {
  const faults: unknown[] = [];
  return {
    tolerate: async (subject, part) => {
      try {
        return await part();
      } catch (error) {
        log.error('planningFailed', {
          subject,
          error: error instanceof Error ? error.message : String(error),
        });
        faults.push(error);
        if (faults.length > MAX_FAULTS) throw error;
        return undefined;
      }
    },
    throwIfAny: () => {
      if (faults.length === 0) return;
      throw new AggregateError(faults, `${faults.length} days could not be planned; the log names them`);
    },
  };
}

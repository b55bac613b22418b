interface Metric {
  /** `gauge`: the value as of now. `counter`: how much came since the last time. */
  kind: 'gauge' | 'counter';
  /** As OpenTelemetry writes units. */
  unit: string;
  help: string;
}

/**
 * What the pipeline tells about itself, by name. The alert rules and the workbook in `infra/` ask for these names. No
 * value and no attribute says anything of a person or a call.
 */
export const METRICS = {
  'pstn.planner.ticks': {
    kind: 'counter',
    unit: '{tick}',
    help: 'Runs of the timer that came to their end. None for two periods: nothing is read any more.',
  },
  'pstn.coverage.gap': {
    kind: 'gauge',
    unit: 'h',
    help: 'Hours that should have been read, can still be read, and were not.',
  },
  'pstn.coverage.lag': {
    kind: 'gauge',
    unit: 'h',
    help: 'Hours since the end of the newest hour that was read.',
  },
  'pstn.windows': { kind: 'gauge', unit: '{window}', help: 'Windows by `state`.' },
  'pstn.rows.stored': {
    kind: 'gauge',
    unit: '{row}',
    help: 'Rows of all windows that the ledger looks after.',
  },
  'pstn.rows.rejected': { kind: 'gauge', unit: '{row}', help: 'Rows that do not fit, kept apart.' },
  'pstn.requests': {
    kind: 'gauge',
    unit: '{request}',
    help: 'Requests to Graph in the last hour, by `lane`.',
  },
  'pstn.budget.used': {
    kind: 'gauge',
    unit: '%',
    help: 'The same, of both lanes, of what the request budget allows in an hour.',
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

/** One value. Attributes tell values of one name apart. */
export interface Measurement {
  name: MetricName;
  value: number;
  attributes?: Readonly<Record<string, string>>;
}

/** Takes measurements to where they are kept; resolves when they are there. */
export type SendMeasurements = (measurements: readonly Measurement[]) => Promise<void>;

import type { Config } from '../../config/config.ts';
import { spacingMs } from './spacing.ts';

/** Between two requests of this configuration, in milliseconds. */
export const spacingOf = (
  config: Pick<
    Config,
    'GRAPH_REQUESTS_PER_MINUTE' | 'GRAPH_APP_REQUESTS_PER_MINUTE' | 'GRAPH_BUDGET_MARGIN_MS'
  >,
): number =>
  spacingMs(
    Math.min(config.GRAPH_REQUESTS_PER_MINUTE, config.GRAPH_APP_REQUESTS_PER_MINUTE),
    config.GRAPH_BUDGET_MARGIN_MS,
  );

import { readConfig } from '../../src/config/config.ts';
import { type PlannerSettings, plannerSettings } from '../../src/windows/plannerSettings.ts';

/** The app's configuration as it is by default, changed by `environment`. */
export const configOf = (environment: Record<string, string> = {}) =>
  readConfig({
    DATA_STORAGE: 'UseDevelopmentStorage=true',
    ServiceBusConnection: 'Endpoint=sb://127.0.0.1;SharedAccessKeyName=k;SharedAccessKey=a2V5',
    ...environment,
  });

export const settings: PlannerSettings = plannerSettings(configOf());

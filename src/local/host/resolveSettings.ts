import type { Environment } from '../../config/config.ts';
import { HostError } from './hostError.ts';

/**
 * Puts the values of settings in the place of `%NAME%`, as the cloud's host does in schedules, queue names
 * and routes.
 * @throws HostError naming the function, the property and the setting that is not set.
 */
export function resolveSettings(
  text: string,
  where: { function: string; property: string },
  environment: Environment,
): string {
  return text.replace(/%([^%]+)%/g, (_, name: string) => {
    const value = environment[name];
    if (value === undefined || value === '') {
      throw new HostError(
        `Function ${where.function}: its ${where.property} is "${text}", but the setting ${name} is not set`,
      );
    }
    return value;
  });
}

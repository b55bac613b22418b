import { InvalidArgumentError } from 'commander';
import { type Environment, settingOf } from '../config/config.ts';
import { loopbackOrigin } from '../config/values.ts';
import type { GraphChoice } from '../local/pipeline/startPipeline.ts';

const CLOUDS = ['global', 'usgov', 'dod'] as const;

/** @throws InvalidArgumentError for anything that is neither a word of the list nor a loopback URL. */
export function graphArgument(text: string): string {
  if (text === 'simulated' || CLOUDS.some((cloud) => cloud === text)) return text;
  if (text === 'china') {
    throw new InvalidArgumentError(
      'Microsoft Graph in China (21Vianet) has no getPstnCalls: there is nothing to export.',
    );
  }
  const origin = loopbackOrigin.safeParse(text);
  if (origin.success) return origin.data;
  throw new InvalidArgumentError(
    'It must be simulated, global, usgov, dod, or a URL of this machine without a path, such as http://127.0.0.1:8080.',
  );
}

/** Where calls come from: by the option, else by GRAPH_ENDPOINT, else the simulated tenant. */
export function chooseGraph(option: string | undefined, environment: Environment): GraphChoice {
  const cloud = CLOUDS.find((name) => name === option);
  if (cloud !== undefined) return { kind: 'cloud', cloud };
  const url = option ?? settingOf(environment, 'GRAPH_ENDPOINT');
  return url === undefined || option === 'simulated' ? { kind: 'simulated' } : { kind: 'loopback', url };
}

/** Names a source, so that one folder never mixes two: a cloud together with its tenant. */
export function sourceName(choice: GraphChoice, environment: Environment): string {
  if (choice.kind !== 'cloud') return choice.kind;
  const tenant = environment['AZURE_TENANT_ID'];
  return tenant === undefined || tenant === '' ? choice.cloud : `${choice.cloud} ${tenant}`;
}

import { InvalidArgumentError } from 'commander';
import { type Environment, isLoopback } from '../config/config.ts';
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
  if (URL.canParse(text) && isLoopback(text)) return text;
  throw new InvalidArgumentError(
    'It must be simulated, global, usgov, dod, or a URL such as http://127.0.0.1:8080.',
  );
}

/** Where calls come from: by the option, else by GRAPH_ENDPOINT, else the simulated tenant. */
export function chooseGraph(option: string | undefined, environment: Environment): GraphChoice {
  const source = option ?? (environment['GRAPH_ENDPOINT'] || 'simulated');
  if (source === 'simulated') return { kind: 'simulated' };
  const cloud = CLOUDS.find((name) => name === source);
  return cloud === undefined ? { kind: 'loopback', url: source } : { kind: 'cloud', cloud };
}

import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

/** A row as Microsoft's Graph SDK for .NET understood it. Money is the text of its decimal. */
export interface SdkRow {
  id: string | null;
  userId: string | null;
  /** UTC, always seven digits after the second. */
  startDateTime: string | null;
  duration: number | null;
  charge: string | null;
  connectionCharge: string | null;
  currency: string | null;
}

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const PROJECT = pathOf('../graph-dotnet/');
const PROGRAM = pathOf('../../../node_modules/.cache/graph-dotnet/bin/graph-dotnet/release/graph-dotnet.dll');

/** Restores and builds the client. Needs the .NET SDK and NuGet. */
export const buildSdkClient = (): Promise<string> =>
  run('dotnet', ['build', '--configuration', 'Release', PROJECT], { timeoutMs: 290_000 });

/** Reads all pages of calls that started in `[from, to]`, both ISO instants, from the Graph at an origin. */
export async function readWithSdk(origin: string, from: string, to: string): Promise<SdkRow[]> {
  const lines = await run('dotnet', [PROGRAM, `${origin}/v1.0`, from, to]);
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SdkRow);
}

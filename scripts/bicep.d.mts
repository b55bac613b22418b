/** Parameter sets whose snapshots are under version control. */
export const PARAMETER_SETS: readonly string[];
/** What to say, and do, on a machine without a compiler. */
export const NO_COMPILER: string;
/** Path of the compiler: $BICEP, on the PATH, that of the Azure CLI, the restored package. */
export function findBicep(environment?: Readonly<Record<string, string | undefined>>): string | undefined;
/** Fetches the compiler from NuGet. @throws Error with what dotnet said. */
export function restoreBicep(): string;

export interface BicepResult {
  /** False also if the compiler warned. */
  ok: boolean;
  stdout: string;
  said: string;
}

/** Runs the compiler in infra/, or another folder. */
export function runBicep(bicep: string, bicepArguments: readonly string[], cwd?: string): BicepResult;
/** What is built, relative to infra/: the modules come with main.bicep. */
export const ENTRY_FILES: readonly string[];
/** Sources that the formatter would change. */
export function unformatted(bicep: string): string[];
/** Compares a parameter set with its stored snapshot, or stores it. */
export function snapshot(
  bicep: string,
  set: string,
  mode: 'validate' | 'overwrite',
  folder?: string,
): BicepResult;
/** Builds a template or a parameter file into nowhere. */
export function compile(bicep: string, file: string): BicepResult;

import { Command, CommanderError } from 'commander';
import { findAppRoot, versionOf } from '../local/pipeline/appRoot.ts';
import { type CommandProcess, createCli, type Cli } from './cli.ts';
import { addBackfillCommand } from './commands/backfill.ts';
import { addDeadLettersCommand } from './commands/deadLetters.ts';
import { addLocalCommand } from './commands/local.ts';
import { addRebuildCommand } from './commands/rebuild.ts';
import { addStatusCommand } from './commands/status.ts';
import { EXIT } from './exitCodes.ts';

/** Runs one command line. What came of it stands in the exit code of the process; see `exitCodes.ts`. */
export async function runProgram(
  process: CommandProcess,
  args: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await createProgram(createCli(process, signal)).parseAsync(args, { from: 'user' });
  } catch (error) {
    // Commander has printed what is wrong, or the help that was asked for.
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}

function createProgram(cli: Cli): Command {
  const { stdout, stderr } = cli.streams;
  const program = new Command('pstn')
    .description('Exports Microsoft Teams PSTN calls and keeps exact daily totals.')
    .version(versionOf(findAppRoot()))
    .showHelpAfterError('(pstn <command> --help says more)')
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    })
    .exitOverride();
  addLocalCommand(program, cli);
  addBackfillCommand(program, cli);
  addStatusCommand(program, cli);
  addRebuildCommand(program, cli);
  addDeadLettersCommand(program, cli);
  inherit(program);
  return program;
}

/** What is set on a command is not by itself set on those below it. */
function inherit(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inherit(command);
  }
}

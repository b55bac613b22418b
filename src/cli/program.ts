import { Command } from 'commander';
import { findAppRoot, versionOf } from '../local/pipeline/appRoot.ts';
import type { Cli } from './cli.ts';
import { addBackfillCommand } from './commands/backfill.ts';
import { addLocalCommand } from './commands/local.ts';
import { addStatusCommand } from './commands/status.ts';

/** The command line. Parsing errors come as CommanderError, see `pstn.ts`. */
export function createProgram(cli: Cli): Command {
  const program = new Command('pstn')
    .description('Exports Microsoft Teams PSTN calls and keeps exact daily totals.')
    .version(versionOf(findAppRoot()))
    .showHelpAfterError('(pstn <command> --help says more)')
    .exitOverride();
  addLocalCommand(program, cli);
  addBackfillCommand(program, cli);
  addStatusCommand(program, cli);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}

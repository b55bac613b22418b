import type { Command } from 'commander';
import { COMMAND_PATIENCE } from '../../app/patience.ts';
import { connectServices, type Services } from '../../app/services.ts';
import { BadMessageError, parseWindowJob, type WindowJob } from '../../queues/messages.ts';
import { QUEUE_NAMES, QUEUES, type QueueName } from '../../queues/names.ts';
import { deleteRefusal } from '../../queues/refusals.ts';
import { type Replay, replayLetters } from '../../queues/replay.ts';
import { type ListedDeadLetter, listDeadLetters } from '../../report/listDeadLetters.ts';
import { oneLine } from '../../report/oneLine.ts';
import { markReplayed } from '../../windows/markReplayed.ts';
import { queueArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { EXIT, type ExitCode, UsageError } from '../exitCodes.ts';
import type { Output } from '../output.ts';

interface LetterFlags {
  queue?: QueueName;
  message?: string;
  json?: boolean;
}

interface ReplayFlags extends LetterFlags {
  all?: boolean;
}

export function addDeadLettersCommand(program: Command, cli: Cli): void {
  const letters = program
    .command('dead-letters')
    .description('Messages that were given up: show why, or send them again once their fault is mended.');
  letters
    .command('list')
    .description('Show the messages that were given up, each with its reason; changes nothing.')
    .option('--queue <name>', 'only those of one queue', queueArgument)
    .option('--message <id>', 'only those with this id')
    .option('--json', 'print one JSON document')
    .action((flags: LetterFlags) => cli.run(() => list(cli, flags)));
  letters
    .command('replay')
    .description('Send what lies there now to its queue again, and take it away.')
    .option('--queue <name>', 'those of one queue', queueArgument)
    .option('--message <id>', 'only those with this id')
    .option('--all', 'those of all queues')
    .option('--json', 'print one JSON document')
    .action((flags: ReplayFlags) => cli.run(() => replay(cli, flags)));
}

const queuesOf = ({ queue }: LetterFlags): readonly QueueName[] =>
  queue === undefined ? QUEUE_NAMES : [queue];

async function list(cli: Cli, flags: LetterFlags): Promise<ExitCode> {
  const services = await connectServices(cli.environment, COMMAND_PATIENCE);
  try {
    const found = await listDeadLetters(queuesOf(flags), services);
    const letters = found.filter(({ messageId }) => (flags.message ?? messageId) === messageId);
    cli.output(flags.json === true).result({ deadLetters: letters }, describeLetters(letters));
    return EXIT.done;
  } finally {
    await services.close();
  }
}

/** The same for a person. */
export function describeLetters(letters: readonly ListedDeadLetter[]): string[] {
  if (letters.length === 0) return ['No message was given up.'];
  return letters.flatMap(({ queue, messageId, sequenceNumber, enqueuedAt, deliveries, reason }) => [
    `${queue}  ${messageId === '' ? `number ${sequenceNumber}` : oneLine(messageId)}  sent ${enqueuedAt ?? 'at an unknown time'}, ` +
      `${deliveries} deliveries`,
    `  ${oneLine(reason)}`,
  ]);
}

/** What `replay` did in one queue that had something to be replayed. */
interface QueueReplay {
  queue: QueueName;
  found: number;
  replayed: number;
}

async function replay(cli: Cli, flags: ReplayFlags): Promise<ExitCode> {
  if (flags.all !== true && flags.queue === undefined && flags.message === undefined) {
    throw new UsageError(
      'say what to replay: --queue <name> for one queue, --message <id> for one message, or --all; ' +
        '"pstn dead-letters list" shows what there is',
    );
  }
  const output = cli.output(flags.json === true);
  const services = await connectServices(cli.environment, COMMAND_PATIENCE);
  try {
    const done: QueueReplay[] = [];
    for (const queue of queuesOf(flags)) {
      const { found, replayed } = await replayQueue(services, queue, flags, cli.signal, output);
      if (found > 0) done.push({ queue, found, replayed: replayed.length });
    }
    cli.signal.throwIfAborted();
    const found = done.reduce((sum, one) => sum + one.found, 0);
    const replayed = done.reduce((sum, one) => sum + one.replayed, 0);
    output.result({ found, replayed, queues: done }, describeReplay(done));
    if (found === 0 && flags.message !== undefined) {
      output.error(
        `no dead letter has the id ${oneLine(flags.message)}; "pstn dead-letters list" shows those there are`,
      );
      return EXIT.failed;
    }
    return replayed < found ? EXIT.failed : EXIT.done;
  } finally {
    await services.close();
  }
}

async function replayQueue(
  services: Services,
  queue: QueueName,
  { message }: ReplayFlags,
  signal: AbortSignal,
  output: Output,
): Promise<Replay> {
  const box = await services.letterBox(queue);
  const shown = output.progress();
  let done = 0;
  let found = 0;
  try {
    return await replayLetters(box, {
      isWanted: ({ messageId }) => (message ?? messageId) === messageId,
      onFound: (count) => void (found = count),
      onTaken: async ({ message: { body } }) => {
        const job = windowJobOf(queue, body);
        if (job !== undefined) await markReplayed(job, services);
      },
      newMessageId: () => `replay-${services.newId()}`,
      onReplayed: async (letter) => {
        await deleteRefusal(services.control, { queue, ...letter });
        shown.update((done += 1), found, `dead letters of ${queue} sent again`);
      },
      signal,
    });
  } finally {
    shown.end();
    await box.close();
  }
}

/** Undefined for what is no job: it will be refused again. */
function windowJobOf(queue: QueueName, body: unknown): WindowJob | undefined {
  if (queue !== QUEUES.windows && queue !== QUEUES.backfillWindows) return undefined;
  try {
    return parseWindowJob(body);
  } catch (error) {
    if (error instanceof BadMessageError) return undefined;
    throw error;
  }
}

function describeReplay(queues: readonly QueueReplay[]): string[] {
  if (queues.length === 0) return ['There was nothing to be sent again.'];
  return queues.map(
    ({ queue, found, replayed }) =>
      `${replayed} of ${found} dead letters of ${queue} sent again` +
      (replayed < found
        ? ': the others are held by another program, or their locks have not ended; try again in some minutes'
        : ''),
  );
}

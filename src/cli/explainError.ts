import { type Environment } from '../config/config.ts';
import { settingOf } from '../config/config.ts';
import { GraphError } from '../graph/errors.ts';
import { HostError } from '../local/host/hostError.ts';
import { GraphUnreachableError } from '../local/pipeline/checkGraph.ts';
import { AzuriteError } from '../local/storage/azurite.ts';
import { FolderInUseError } from '../local/storage/folderLock.ts';
import { DataFolderError } from '../local/pipeline/dataFolder.ts';
import { QueueError } from '../queues/queueError.ts';
import { ReplayError } from '../queues/replay.ts';
import { isMissing } from '../report/missingParts.ts';
import { StorageError, StorageUnreachableError } from '../storage/blobs.ts';
import { BackfillRangeError } from '../windows/backfillRange.ts';
import { PlannerStateError } from '../windows/plannerState.ts';
import { EXIT, type ExitCode, UsageError } from './exitCodes.ts';

export interface ExplainedError {
  code: ExitCode;
  /** What is wrong, where, and what to do; one fault a line. */
  lines: string[];
  /** For an error that nobody foresaw: where it happened. */
  stack?: string;
}

/** Faults of how the command was called: the message names the option or variable. */
const USAGE_ERRORS = [UsageError, BackfillRangeError, DataFolderError];
const PLAIN_ERRORS = [
  AzuriteError,
  FolderInUseError,
  GraphError,
  GraphUnreachableError,
  HostError,
  PlannerStateError,
  ReplayError,
];

/** What a command that failed says, and with which code it ends. Only an error that nobody foresaw has a stack. */
export function explainError(error: unknown, environment: Environment): ExplainedError {
  if (!(error instanceof Error)) return { code: EXIT.failed, lines: [String(error)] };
  const lines = error.message.split('\n');
  // By its name: the functions that run in this process are a bundle with classes of its own.
  if (error.name === 'ConfigError' || USAGE_ERRORS.some((kind) => error instanceof kind)) {
    return { code: EXIT.usage, lines };
  }
  if (/^(Aggregate)?Authentication|^Credential/.test(error.name)) {
    return { code: EXIT.failed, lines: [signInFault(error)] };
  }
  const advice = adviceFor(error, environment);
  if (advice !== undefined) return { code: EXIT.failed, lines: [`${error.message}. ${advice}`] };
  if (PLAIN_ERRORS.some((kind) => error instanceof kind) || isFileError(error)) {
    return { code: EXIT.failed, lines };
  }
  return { code: EXIT.failed, lines, ...(error.stack !== undefined && { stack: framesOf(error.stack) }) };
}

/** What to look at; undefined for an error of another kind. */
function adviceFor(error: Error, environment: Environment): string | undefined {
  const storage =
    settingOf(environment, 'DATA_STORAGE') === undefined
      ? 'DATA_STORAGE__blobServiceUri and DATA_STORAGE__tableServiceUri'
      : 'DATA_STORAGE';
  const queues =
    settingOf(environment, 'ServiceBusConnection') === undefined
      ? 'ServiceBusConnection__fullyQualifiedNamespace'
      : 'ServiceBusConnection';
  const setting = error instanceof QueueError ? queues : storage;
  if (error instanceof QueueError && error.kind === 'missing') {
    return `Make it, as the infrastructure does, or look at ${setting}`;
  }
  if (isMissing(error)) {
    return `Deploy the infrastructure, or start "pstn local", which makes what is missing; else look at ${setting}`;
  }
  if (
    error instanceof StorageUnreachableError ||
    (error instanceof QueueError && error.kind === 'unreachable')
  ) {
    return `Is it running, and is ${setting} right?`;
  }
  if (error instanceof QueueError || (error instanceof StorageError && [401, 403].includes(error.status))) {
    return `Look at the key in ${setting}, or at the roles of the identity`;
  }
  if (error instanceof StorageError) return `Look at ${setting}, or try again later`;
  return undefined;
}

/** The identity library's messages may name a user: only their kind and Microsoft Entra's code pass. */
function signInFault({ name, message }: Error): string {
  const code = /AADSTS\d+/.exec(message)?.[0];
  return (
    `the identity could not sign in (${name}${code === undefined ? '' : `, ${code}`}): sign in with "az login", or set ` +
    'AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH'
  );
}

/** A file that cannot be read or written; the system names it. */
const isFileError = (error: Error): boolean => 'syscall' in error && 'path' in error && 'code' in error;

const framesOf = (stack: string): string => stack.split('\n').slice(1).join('\n');

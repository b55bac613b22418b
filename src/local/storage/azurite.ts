import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { lockFolder, type FolderLock } from './folderLock.ts';

export interface AzuriteOptions {
  /** Folder that keeps the data. Without one, the data lie in memory and are gone after `stop`. */
  folder?: string;
  host?: '127.0.0.1';
}

export interface Azurite {
  /** For blobs, tables and queues of the development account. */
  connectionString: string;
  /** Saves everything and waits until Azurite has ended. May be called more than once. */
  stop(): Promise<void>;
}

/** Azurite did not start, or did not end as it should: what it said, and what to do. */
export class AzuriteError extends Error {
  override readonly name = 'AzuriteError';
}

const START_MS = 60_000;
const STOP_MS = 30_000;
/** The account and key that Azurite and the storage emulators before it have always had: no secret. */
const ACCOUNT = 'devstoreaccount1';
const ACCOUNT_KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const SERVICES = ['Blob', 'Queue', 'Table'] as const;
type Service = (typeof SERVICES)[number];

/**
 * Runs in the child before Azurite. When standard input closes, because `stop` closed it or because this
 * process is gone in whatever way, Azurite shuts down in order: nothing is left running after a crash, and
 * nothing that was written is lost. Emitting the signal instead of sending it works on Windows, too; before
 * the start is complete nobody listens to it, and there is nothing to save. Azurite still writes while it
 * ends, into pipes that nobody may read any more: that must not end it early.
 */
const END_WITH_PARENT = `
  for (const stream of [process.stdin, process.stdout, process.stderr]) stream.on('error', () => {});
  process.stdin.on('close', () => process.emit('SIGTERM') || process.exit());
  process.stdin.resume().unref();`;

/**
 * Starts Azurite as a child process on free ports of the loopback interface.
 * @throws AzuriteError if the folder is in use or Azurite does not start; with what it wrote.
 */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  const host = options.host ?? '127.0.0.1';
  const folder = options.folder === undefined ? undefined : resolve(options.folder);
  const lock = folder === undefined ? undefined : await lockedFolder(folder);
  const child = spawnAzurite(host, folder);
  const output = collectOutput(child);
  try {
    const [endpoints] = await Promise.all([
      listening(child, output),
      child.pid === undefined ? undefined : lock?.handOver(child.pid),
    ]);
    // A process that forgets to stop Azurite ends all the same, and Azurite with it.
    setReferenced(child, false);
    let stopping: Promise<void> | undefined;
    return {
      connectionString: connectionString(endpoints),
      stop: () => (stopping ??= stop(child, output, lock)),
    };
  } catch (error) {
    child.kill('SIGKILL');
    await lock?.release();
    throw error;
  }
}

async function lockedFolder(folder: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true });
  return lockFolder(folder);
}

function spawnAzurite(host: string, folder: string | undefined): ChildProcess {
  const script = join(
    dirname(createRequire(import.meta.url).resolve('azurite/package.json')),
    'dist/src/azurite.js',
  );
  return spawn(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(END_WITH_PARENT)}`,
      script,
      '--silent',
      '--skipApiVersionCheck',
      '--disableTelemetry',
      ...SERVICES.flatMap((service) => {
        const name = service.toLowerCase();
        return [`--${name}Host`, host, `--${name}Port`, '0'];
      }),
      ...(folder === undefined ? ['--inMemoryPersistence'] : ['--location', folder]),
    ],
    {
      // A process group of its own: Ctrl-C in the terminal must not stop the storage before the pipeline.
      detached: true,
      windowsHide: true,
      cwd: folder ?? tmpdir(),
      // Accounts named in the environment would take the place of the development account.
      env: { ...process.env, AZURITE_ACCOUNTS: undefined },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
}

/** The last lines that the child wrote, for error messages; `line` tells of each new one. */
interface Output {
  tail(): string;
  onLine(listener: (line: string) => void): void;
}

function collectOutput(child: ChildProcess): Output {
  const lines: string[] = [];
  const listeners: ((line: string) => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (text: string) => {
      const pieces = (rest + text).split('\n');
      rest = pieces.pop() ?? '';
      for (const line of pieces) {
        lines.push(line);
        if (lines.length > 40) lines.shift();
        for (const listener of listeners) listener(line);
      }
    });
  }
  return {
    tail: () => (lines.length === 0 ? 'It wrote nothing.' : `It wrote:\n${lines.join('\n')}`),
    onLine: (listener) => {
      listeners.push(listener);
    },
  };
}

function listening(child: ChildProcess, output: Output): Promise<Record<Service, string>> {
  return new Promise((resolveStart, reject) => {
    const endpoints: Partial<Record<Service, string>> = {};
    const fail = (what: string, cause?: unknown) => {
      clearTimeout(timer);
      reject(new AzuriteError(`Azurite ${what}. ${output.tail()}`, { cause }));
    };
    const timer = setTimeout(() => fail(`did not start within ${START_MS / 1000} s`), START_MS);
    child.once('error', (error) => fail(`could not be started: ${error.message}`, error));
    child.once('exit', (code, signal) => fail(`ended while it started (${signal ?? `exit code ${code}`})`));
    output.onLine((line) => {
      const said = /Azurite (Blob|Queue|Table) service is successfully listening at (http:\/\/\S+)/.exec(
        line,
      );
      if (said?.[1] === undefined || said[2] === undefined) return;
      endpoints[said[1] as Service] = said[2];
      const { Blob: blob, Queue: queue, Table: table } = endpoints;
      if (blob === undefined || queue === undefined || table === undefined) return;
      clearTimeout(timer);
      resolveStart({ Blob: blob, Queue: queue, Table: table });
    });
  });
}

async function stop(child: ChildProcess, output: Output, lock: FolderLock | undefined): Promise<void> {
  setReferenced(child, true);
  const ended = await new Promise<boolean>((resolveEnd) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolveEnd(true);
      return;
    }
    const timer = setTimeout(() => resolveEnd(false), STOP_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolveEnd(true);
    });
    child.stdin?.end();
  });
  if (!ended) child.kill('SIGKILL');
  await lock?.release();
  if (!ended) {
    throw new AzuriteError(
      `Azurite did not end within ${STOP_MS / 1000} s and was killed; what was written in the last seconds may be lost. ${output.tail()}`,
    );
  }
  if (child.exitCode !== 0) {
    throw new AzuriteError(
      `Azurite ended by itself (${child.signalCode ?? `exit code ${child.exitCode}`}); what was written last may be lost. ${output.tail()}`,
    );
  }
}

/** Whether the child and its pipes keep this process alive. */
function setReferenced(child: ChildProcess, referenced: boolean): void {
  const pipes = [child.stdin, child.stdout, child.stderr] as (
    (Readable & { ref?(): void; unref?(): void }) | null
  )[];
  for (const handle of [child, ...pipes]) {
    if (referenced) handle?.ref?.();
    else handle?.unref?.();
  }
}

function connectionString(endpoints: Record<Service, string>): string {
  return [
    'DefaultEndpointsProtocol=http',
    `AccountName=${ACCOUNT}`,
    `AccountKey=${ACCOUNT_KEY}`,
    ...SERVICES.map((service) => `${service}Endpoint=${endpoints[service]}/${ACCOUNT}`),
    '',
  ].join(';');
}

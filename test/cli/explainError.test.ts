import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config.ts';
import { EXIT, UsageError } from '../../src/cli/exitCodes.ts';
import { explainError } from '../../src/cli/explainError.ts';
import { QueueError } from '../../src/queues/queueError.ts';
import { StorageError, StorageUnreachableError } from '../../src/storage/blobs.ts';

const LOCAL = { DATA_STORAGE: 'x', ServiceBusConnection: 'y' };
const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

describe('an error of a command', () => {
  it('that nobody foresaw keeps its stack', () => {
    const { code, lines, stack } = explainError(new TypeError('x is not a function'), LOCAL);
    expect({ code, lines }).toEqual({ code: EXIT.failed, lines: ['x is not a function'] });
    expect(stack).toMatch(/^ {4}at .*explainError\.test/);
  });

  it('of its usage or configuration ends with 2, one line a fault', () => {
    expect(explainError(new UsageError('--to needs --from'), {})).toEqual({
      code: EXIT.usage,
      lines: ['--to needs --from'],
    });
    const faults = ['SWEEP_DAYS "x" must be a whole number', 'BILLING_DAY "31" must be at most 28'];
    expect(explainError(new ConfigError(faults), {})).toEqual({ code: EXIT.usage, lines: faults });
    // As the bundle of the functions throws it: another class of the same name.
    expect(explainError(named('ConfigError', 'SWEEP_DAYS'), {})).toEqual({
      code: EXIT.usage,
      lines: ['SWEEP_DAYS'],
    });
  });

  it.each([
    [new StorageError(403, 'AuthorizationFailure', 'a'), /Look at the key in DATA_STORAGE, or at the roles/],
    [new StorageError(404, 'TableNotFound', 'a'), /Deploy .*"pstn local"/],
    [new StorageError(404, 'ContainerNotFound', 'a'), /Deploy .*"pstn local"/],
    [new StorageError(503, 'ServerBusy', 'a'), /Look at DATA_STORAGE, or try again later/],
    [new StorageUnreachableError('a'), /is DATA_STORAGE right\?/],
    [new QueueError('missing', 'pstn-days', 'a'), /Make it.* ServiceBusConnection$/],
    [new QueueError('unauthorized', 'pstn-days', 'a'), /key in ServiceBusConnection/],
    [new QueueError('unreachable', 'pstn-days', 'a'), /is ServiceBusConnection right\?/],
    [named('CredentialUnavailableError', 'No az for Ann.'), /^the identity could not sign in .*"az login"/],
    [
      named('AuthenticationError', 'Ann may not.\nAADSTS700016: x'),
      /^the identity could not sign in \(AuthenticationError, AADSTS700016\): .*AZURE_CLIENT_ID/,
    ],
  ])('of a service is one line with what to do: %s', (error, advice) => {
    const { code, lines, stack } = explainError(error, LOCAL);
    expect({ code, stack, count: lines.length }).toEqual({ code: EXIT.failed, stack: undefined, count: 1 });
    expect(lines[0]).toMatch(advice);
    expect(lines[0]).not.toContain('Ann');
  });

  it('of a service names the settings that this environment has', () => {
    const inAzure = (error: Error): string => explainError(error, {}).lines[0] ?? '';
    expect(inAzure(new StorageUnreachableError('a'))).toContain(
      'is DATA_STORAGE__blobServiceUri and DATA_STORAGE__tableServiceUri right?',
    );
    expect(inAzure(new QueueError('unreachable', 'pstn-days', 'a'))).toContain(
      'ServiceBusConnection__fullyQualifiedNamespace',
    );
  });

  it('of a file has no stack: the system names the file', () => {
    const error = Object.assign(new Error("ENOSPC: no space left on device, write '/x'"), {
      code: 'ENOSPC',
      syscall: 'write',
      path: '/x',
    });
    expect(explainError(error, {})).toEqual({ code: EXIT.failed, lines: [error.message] });
  });
});

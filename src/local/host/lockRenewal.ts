import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';

export interface LockRenewalOptions {
  message: ServiceBusReceivedMessage;
  receiver: Pick<ServiceBusReceiver, 'renewMessageLock'>;
  /** How long the lock is kept at most, in real time. */
  maxMs: number;
  onError: (error: unknown) => void;
}

/** Another try follows a failed one no sooner than this. */
const LEAST_PAUSE_MS = 500;

/**
 * Renews the lock of one delivery, each time half of it has passed, until the function that it returns is called or
 * the lock is lost. The client's own renewal goes by links and by ids of messages: after a connection broke it goes
 * on for messages that nobody works on any more, and it ends for one delivery when another of the same id is settled.
 */
export function keepLock({ message, receiver, maxMs, onError }: LockRenewalOptions): () => void {
  const endMs = performance.now() + maxMs;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const wait = (leastMs: number): void => {
    const leftMs = (message.lockedUntilUtc?.getTime() ?? 0) - Date.now();
    if (stopped || leftMs <= 0 || performance.now() >= endMs) return;
    timer = setTimeout(() => void renew(), Math.max(leastMs, leftMs / 2)).unref();
  };
  const renew = async (): Promise<void> => {
    try {
      await receiver.renewMessageLock(message);
      wait(0);
    } catch (error) {
      if (stopped) return;
      onError(error);
      // What is not lost may be kept the next time; what is lost has no time left, and nothing is tried.
      if (!isLost(error)) wait(LEAST_PAUSE_MS);
    }
  };
  wait(0);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

const isLost = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'MessageLockLost';

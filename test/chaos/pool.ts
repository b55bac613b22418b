import { Worker } from 'node:worker_threads';
import type { Answer, Task } from './worker.ts';

/** Workers that do tasks, each one at a time. */
export interface Pool {
  /** @throws what ended a worker in the middle of the task */
  run(task: Task): Promise<Answer>;
  close(): Promise<void>;
}

interface Waiting {
  task: Task;
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}

/** @param script of a worker */
export function createPool(script: URL, size: number): Pool {
  const waiting: Waiting[] = [];
  const free: Worker[] = [];
  const all = new Set<Worker>();

  const next = (): void => {
    const worker = free.pop();
    if (worker === undefined) return;
    const one = waiting.shift();
    if (one === undefined) {
      free.push(worker);
      return;
    }
    const answered = (answer: Answer): void => {
      worker.off('error', failed);
      free.push(worker);
      one.resolve(answer);
      next();
    };
    const failed = (error: Error): void => {
      worker.off('message', answered);
      all.delete(worker);
      start();
      one.reject(error);
    };
    worker.once('message', answered);
    worker.once('error', failed);
    worker.postMessage(one.task);
    next();
  };
  const start = (): void => {
    const worker = new Worker(script, { argv: ['--worker'] });
    all.add(worker);
    free.push(worker);
    next();
  };
  for (let n = 0; n < size; n += 1) start();

  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        waiting.push({ task, resolve, reject });
        next();
      }),
    close: async () => {
      for (const worker of all) await worker.terminate();
    },
  };
}

import { afterEach, describe, expect, test } from 'vitest';
import { loadApp } from '../../../src/local/host/loadApp.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { appFolder, entry, type AppFolder } from './appFolder.ts';

const folders: AppFolder[] = [];
afterEach(() => Promise.all(folders.splice(0).map((folder) => folder.remove())));

async function load(files: Record<string, string>) {
  const folder = await appFolder(files);
  folders.push(folder);
  return loadApp(folder.root, silentLog);
}
const triggers = async (files: Record<string, string>) =>
  (await load(files)).functions.map(({ name, trigger }) => ({ name, trigger }));

const timer = (name: string) => `app.timer('${name}', { schedule: '0 0 * * * *', handler: () => {} });`;

describe('loadApp', () => {
  test('finds the functions of every file that main names, by name, with what starts them', async () => {
    expect(
      await triggers({
        'functions/a.mjs': entry(`
          app.timer('tick', { schedule: '%TICK%', handler: () => {} });
          app.serviceBusQueue('eat', { connection: 'Bus', queueName: 'food', handler: () => {} });`),
        'functions/b.mjs': entry(`
          app.http('show', { handler: () => ({}) });
          app.http('Change', { methods: ['PUT'], authLevel: 'function', route: '/x/{id}', handler: () => ({}) });`),
        'functions/c.txt': 'not a module',
      }),
    ).toEqual([
      {
        name: 'Change',
        trigger: { type: 'httpTrigger', route: 'x/{id}', methods: ['PUT'], authLevel: 'function' },
      },
      {
        name: 'eat',
        trigger: { type: 'serviceBusTrigger', queueName: 'food', connection: 'Bus', binary: false },
      },
      {
        name: 'show',
        trigger: { type: 'httpTrigger', route: 'show', methods: ['GET', 'POST'], authLevel: 'anonymous' },
      },
      {
        name: 'tick',
        trigger: { type: 'timerTrigger', schedule: '%TICK%', runOnStartup: false, useMonitor: true },
      },
    ]);
  });

  test('loads ES modules and CommonJS, and the same app once more', async () => {
    const folder = await appFolder({
      'package.json': JSON.stringify({ main: 'functions/*.{cjs,mjs}' }),
      'functions/a.cjs': `const { app } = require('@azure/functions'); ${timer('one')}`,
      'functions/b.mjs': entry(timer('two')),
    });
    folders.push(folder);
    for (let time = 0; time < 2; time++) {
      const { functions } = await loadApp(folder.root, silentLog);
      expect(functions.map((fn) => fn.name)).toEqual(['one', 'two']);
    }
  });

  test('keeps apps apart that are loaded at the same time', async () => {
    const slow = entry(`await new Promise((resolve) => setImmediate(resolve)); ${timer('slow')}`);
    const [one, two] = await Promise.all([
      load({ 'functions/a.mjs': slow }),
      load({ 'functions/a.mjs': entry(timer('quick')) }),
    ]);
    expect(one.functions.map((fn) => fn.name)).toEqual(['slow']);
    expect(two.functions.map((fn) => fn.name)).toEqual(['quick']);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['a pattern that matches nothing', {}, /no file matches "functions\/\*\.mjs".*was the app built/],
    [
      'a main file that is not there',
      { 'package.json': '{"main":"dist/index.js"}' },
      /there is no file "dist\/index\.js"/,
    ],
    ['a package without main', { 'package.json': '{}' }, /package\.json names no entry file/],
    ['files that register nothing', { 'functions/a.mjs': 'export {};' }, /registered no function/],
    [
      'a file that throws',
      { 'functions/a.mjs': entry(`${timer('one')} throw new Error('no such setting');`) },
      /functions\/a\.mjs failed while it was loaded: no such setting/,
    ],
    [
      'two functions of one name',
      { 'functions/a.mjs': entry(timer('one') + timer('ONE')) },
      /Two functions are named one/i,
    ],
    ['a name that the cloud refuses', { 'functions/a.mjs': entry(timer('1st')) }, /Function "1st": its name/],
    [
      'a trigger that is not supported',
      {
        'functions/a.mjs': entry(`app.storageQueue('q', { queueName: 'q', connection: 'c', handler() {} });`),
      },
      /Function q: a trigger of type "queueTrigger" is not supported/,
    ],
    [
      'a topic',
      {
        'functions/a.mjs': entry(
          `app.serviceBusTopic('t', { topicName: 't', subscriptionName: 's', connection: 'c', handler() {} });`,
        ),
      },
      /Function t: queueName: only queues are supported/,
    ],
    [
      'batches',
      {
        'functions/a.mjs': entry(
          `app.serviceBusQueue('b', { queueName: 'q', connection: 'c', cardinality: 'many', handler() {} });`,
        ),
      },
      /Function b: cardinality: messages are only given one at a time/,
    ],
    [
      'an output binding',
      {
        'functions/a.mjs': entry(
          `import { output } from '@azure/functions';
           app.timer('o', { schedule: '0 0 * * * *', handler() {},
             return: output.serviceBusQueue({ queueName: 'q', connection: 'c' }) });`,
        ),
      },
      /Function o: the output binding of type "serviceBus" is not supported/,
    ],
    [
      'a retry policy',
      {
        'functions/a.mjs': entry(
          `app.timer('r', { schedule: '0 0 * * * *', handler() {},
             retry: { strategy: 'fixedDelay', maxRetryCount: 1, delayInterval: { seconds: 1 } } });`,
        ),
      },
      /Function r: retry policies are not supported/,
    ],
  ])('refuses %s', async (_, files, message) => {
    await expect(load(files)).rejects.toThrow(message);
  });

  test('refuses HTTP streams, for which the library would listen on all interfaces', async () => {
    await expect(
      load({ 'functions/a.mjs': entry(`app.setup({ enableHttpStream: true }); ${timer('one')}`) }),
    ).rejects.toThrow(/HTTP streams/);
  });
});

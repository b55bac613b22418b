import { describe, expect, it } from 'vitest';
import { instantArgument, queueArgument } from '../../src/cli/arguments.ts';
import { chooseGraph, graphArgument } from '../../src/cli/graphChoice.ts';

describe('a queue on the command line', () => {
  it('is one of the five, and whoever errs is told them', () => {
    expect(queueArgument('pstn-days')).toBe('pstn-days');
    for (const wrong of ['days', 'PSTN-DAYS', '']) {
      expect(() => queueArgument(wrong)).toThrow(/pstn-windows, .*pstn-alerts/);
    }
  });
});

describe('an instant on the command line', () => {
  it.each([
    ['2026-11-23', '2026-11-23T00:00:00.000Z'],
    ['2026-11-23T10:00:00Z', '2026-11-23T10:00:00.000Z'],
    ['2026-11-23T10:00:00+02:00', '2026-11-23T08:00:00.000Z'],
  ])('%s is %s', (text, instant) => {
    expect(new Date(instantArgument(text)).toISOString()).toBe(instant);
  });

  it.each(['0001-01-01', '1999-12-31T23:59:59Z', '2100-01-01T00:00:01Z'])(
    'refuses %j for its year',
    (text) => {
      expect(() => instantArgument(text)).toThrow(/years 2000 to 2099/);
    },
  );

  it.each(['', 'yesterday', '2026-02-30', '2026-11-23T10:00', '23.11.2026', '2026-11-23T25:00:00Z'])(
    'refuses %j with an example of a right one',
    (text) => {
      expect(() => instantArgument(text)).toThrow(/2026-11-23T10:00:00Z/);
    },
  );
});

describe('--graph', () => {
  it.each(['simulated', 'global', 'usgov', 'dod', 'http://127.0.0.1:8080', 'http://localhost:1'])(
    'takes %s',
    (text) => {
      expect(graphArgument(text)).toBe(text);
    },
  );

  it.each([
    'https://graph.microsoft.com',
    'http://127.0.0.1.evil.com',
    'ftp://127.0.0.1',
    'http://x@127.0.0.1',
    'mars',
  ])('refuses %s', (text) => {
    expect(() => graphArgument(text)).toThrow(/http:\/\/127\.0\.0\.1:8080/);
  });

  it('says of China why', () => {
    expect(() => graphArgument('china')).toThrow(/no getPstnCalls/);
  });

  it('without the option goes by GRAPH_ENDPOINT, else is simulated', () => {
    expect(chooseGraph(undefined, {})).toEqual({ kind: 'simulated' });
    expect(chooseGraph(undefined, { GRAPH_ENDPOINT: '' })).toEqual({ kind: 'simulated' });
    const endpoint = { GRAPH_ENDPOINT: 'http://127.0.0.1:8080' };
    expect(chooseGraph(undefined, endpoint)).toEqual({ kind: 'loopback', url: 'http://127.0.0.1:8080' });
    expect(chooseGraph('global', endpoint)).toEqual({ kind: 'cloud', cloud: 'global' });
    expect(chooseGraph('simulated', endpoint)).toEqual({ kind: 'simulated' });
    // A word is no endpoint: what the setting says about itself is told when it is read.
    expect(chooseGraph(undefined, { GRAPH_ENDPOINT: 'global' })).toEqual({ kind: 'loopback', url: 'global' });
  });
});

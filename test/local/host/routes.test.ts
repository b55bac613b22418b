import { describe, expect, test } from 'vitest';
import type { AppFunction } from '../../../src/local/host/registeredFunction.ts';
import { compileRoute, matchRoute, orderRoutes } from '../../../src/local/host/routes.ts';

function routes(templates: readonly string[], prefix = 'api') {
  return orderRoutes(
    templates.map((route) => {
      const trigger = { type: 'httpTrigger', route, methods: ['GET'], authLevel: 'anonymous' } as const;
      const fn: AppFunction = {
        name: route,
        trigger,
        bindingName: 'request',
        metadata: { name: route, bindings: {} },
        callback: () => undefined,
      };
      return compileRoute(fn, trigger, prefix);
    }),
  );
}

function match(templates: readonly string[], path: string, prefix?: string) {
  const found = matchRoute(routes(templates, prefix), 'GET', path);
  return found && [found.route.fn.name, found.params];
}

describe('routes', () => {
  test.each([
    [['status'], '/api/status', ['status', {}]],
    [['status'], '/API/Status/', ['status', {}]],
    [['status'], '/status', undefined],
    [['status'], '/api/status/x', undefined],
    [['days/{date}'], '/api/days/2026-11-23', ['days/{date}', { date: '2026-11-23' }]],
    [['days/{date}'], '/api/days', undefined],
    [['days/{date?}'], '/api/days', ['days/{date?}', {}]],
    [['days/{date?}'], '/api/days/x', ['days/{date?}', { date: 'x' }]],
    [['users/{user}'], '/api/users/a%2Fb%20c', ['users/{user}', { user: 'a/b c' }]],
    [['users/{user}'], '/api/users/%E0%A4%A', undefined],
    [['files/{*path}'], '/api/files/a/b', ['files/{*path}', { path: 'a/b' }]],
    [['files/{*path}'], '/api/files', ['files/{*path}', { path: '' }]],
  ])('%s answers %s with %j', (templates, path, expected) => {
    expect(match(templates, path)).toEqual(expected);
  });

  test('words go before parameters, parameters before the rest', () => {
    const templates = ['{*all}', 'days/{date}', 'days/today'];
    expect(match(templates, '/api/days/today')).toEqual(['days/today', {}]);
    expect(match(templates, '/api/days/x')).toEqual(['days/{date}', { date: 'x' }]);
    expect(match(templates, '/api/x')).toEqual(['{*all}', { all: 'x' }]);
  });

  test('host.json may take the prefix away', () => {
    expect(match(['status'], '/status', '')).toEqual(['status', {}]);
  });

  test('a method that no function serves is not there', () => {
    expect(matchRoute(routes(['status']), 'POST', '/api/status')).toBe(undefined);
  });

  test.each(['{id:int}', 'a{b}', '{a}-{b}', '{id=1}'])('refuses %s', (template) => {
    expect(() => routes([template])).toThrow(/does not support/);
  });
});

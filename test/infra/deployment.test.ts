import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { at, only, readSnapshot, SITE } from './support/snapshot.ts';

const text = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

describe('azd', () => {
  const yaml = text('azure.yaml');

  it('finds the template and a service of functions that is already built', () => {
    for (const line of [
      'path: infra',
      'module: main',
      'language: ts',
      'host: function',
      'dist: dist/package',
      'remoteBuild: false',
    ])
      expect(yaml).toMatch(new RegExp(`^ +${line}$`, 'm'));
  });

  it('calls the service as the app is tagged', () => {
    expect(yaml).toMatch(/^services:\n {2}pipeline:$/m);
    expect(at(only(readSnapshot('default'), SITE), 'tags.azd-service-name')).toBe('pipeline');
  });

  it('fills in parameters that the template has', () => {
    const parameters = Object.keys(
      (JSON.parse(text('infra/main.parameters.json')) as { parameters: object }).parameters,
    );
    const template = text('infra/main.bicep');
    expect(parameters).toEqual(expect.arrayContaining(['environmentName', 'location']));
    for (const name of parameters) expect(template).toMatch(new RegExp(`^param ${name} `, 'm'));
  });

  it('says what is left to do, with the name of an output that there is', () => {
    const outputs = [...text('infra/main.bicep').matchAll(/^output (\w+) /gm)].map(([, name]) => name);
    const asked = [...yaml.matchAll(/get-value (\w+)/g)].map(([, name]) => name);
    expect(asked.length).toBeGreaterThan(0);
    for (const name of asked) expect(outputs).toContain(name);
  });
});

describe('alerts that reach nobody', () => {
  it('are told of by the hook, in either shell', () => {
    const [, hook = ''] = /\n {2}postprovision:\n([\s\S]*)$/.exec(text('azure.yaml')) ?? [];
    expect(hook.match(/alertsReachNobody/g)).toHaveLength(2);
    expect(hook.match(/azd env set PSTN_ALERT_EMAIL/g)).toHaveLength(2);
  });

  it('are mended by the variable that the parameter is read from', () => {
    const { parameters } = JSON.parse(text('infra/main.parameters.json')) as {
      parameters: Record<string, { value: string }>;
    };
    expect(parameters['alertEmail']?.value).toBe('${PSTN_ALERT_EMAIL}');
    expect(text('infra/main.bicep')).toMatch(/^param alertEmail string = ''$/m);
  });
});

describe('the workflow for forks', () => {
  const workflow = text('.github/workflows/deploy.yml');

  it('signs in by OpenID Connect and has no secret', () => {
    expect(workflow).toMatch(/^ {2}id-token: write$/m);
    expect(workflow).toMatch(/--federated-credential-provider github/);
    expect(workflow).not.toMatch(/secrets\./);
    expect(workflow).not.toMatch(/client-secret|publish-profile/);
  });

  it('may do no more than read the repository', () => {
    const [, permissions = ''] = /^permissions:\n((?: {2}.*\n)+)/m.exec(workflow) ?? [];
    expect(permissions.trim().split(/\n */)).toEqual(['id-token: write', 'contents: read']);
  });

  it('runs only when somebody starts it, and only where it was set up', () => {
    expect(workflow).toMatch(/^on:\n {2}workflow_dispatch:/m);
    expect(workflow).not.toMatch(/^ {2}(push|pull_request|schedule)/m);
    expect(workflow).toMatch(/if: vars\.AZURE_CLIENT_ID != ''/);
  });

  it('tests, shows what would change, then changes it', () => {
    const steps = [
      'npm ci',
      'npm test',
      'azd auth login',
      'azd provision --preview',
      'azd provision --no-prompt',
      'azd deploy',
    ];
    const places = steps.map((step) => workflow.indexOf(step));
    expect(places.every((place) => place > 0)).toBe(true);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
  });
});

describe('docs/deploy.md', () => {
  const page = text('docs/deploy.md');

  it('explains every parameter of the template, and none that does not exist', () => {
    const parameters = [...text('infra/main.bicep').matchAll(/^param (\w+) /gm)].map(([, name = '']) => name);
    const [, table = ''] = /^## Parameters\n([\s\S]*?)\n## /m.exec(page) ?? [];
    const explained = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name);
    const together = ['reportClientId', 'reportGroupId'];
    expect([...explained, ...together].sort()).toEqual([...parameters].sort());
    for (const name of together) expect(table).toContain(`\`${name}\``);
  });

  it('says of every alert what to do', () => {
    const rules = readSnapshot('default')
      .filter(({ type }) => /scheduledQueryRules|metricAlerts/.test(type))
      .map(({ name }) => name.split('-')[1] ?? '');
    const [, table = ''] = /^## Alerts\n([\s\S]*?)\n## /m.exec(page) ?? [];
    const explained = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name);
    expect(explained.sort()).toEqual(rules.sort());
  });
});

describe('the command line of docs/deploy.md', () => {
  const [, section = ''] = /^## The command line\n([\s\S]*?)\n## /m.exec(text('docs/deploy.md')) ?? [];

  it('signs in, takes the environment from an output that there is, and runs', () => {
    const steps = ['az login', 'azd env get-value commandLine', 'export', 'npm run -s pstn -- status'];
    const places = steps.map((step) => section.indexOf(step, section.indexOf('    az login')));
    expect(places.every((place) => place > 0)).toBe(true);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
    expect(text('infra/main.bicep')).toMatch(
      /^output commandLine texts = functionApp\.outputs\.commandLine$/m,
    );
    expect(text('infra/modules/functionApp.bicep')).toMatch(/^output commandLine texts = operatorSettings$/m);
  });
});

describe('what "func" leaves out', () => {
  const patterns = text('.funcignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

  it('names folders at the root only, so that dist/functions is not one of them', () => {
    for (const pattern of patterns.filter((one) => one.endsWith('/'))) expect(pattern).toMatch(/^\//);
    expect(patterns).toContain('/functions/');
  });

  it('has what is not deployed', () => {
    expect(patterns).toEqual(
      expect.arrayContaining(['/src/', '/dist/cli/', '/test/', '/infra/', '/node_modules/']),
    );
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSnapshot, SETS, snapshotText } from './support/snapshot.ts';

describe('the templates', () => {
  const infra = new URL('../../infra/', import.meta.url);
  const sources = readdirSync(infra, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.bicep'));
  const text = (file: string): string => readFileSync(new URL(file, infra), 'utf8');

  it('have nothing in them that differs from one deployment to the next', () => {
    expect(sources.length).toBeGreaterThan(10);
    for (const file of sources) expect(text(file), file).not.toMatch(/\b(newGuid|utcNow)\(/);
  });

  it('look up no key anywhere', () => {
    for (const file of sources) expect(text(file), file).not.toMatch(/\.?list(Keys|AccountSas|ServiceSas)\(/);
    for (const set of SETS) expect(snapshotText(set)).not.toMatch(/\blist(Keys|AccountSas|ServiceSas)\(/);
  });

  it('need no module of a registry', () => {
    for (const file of sources) expect(text(file), file).not.toMatch(/'(br|ts)[:/]/);
  });

  it('take webhook addresses as secrets, since an address holds its own key', () => {
    expect(text('types.bicep')).toMatch(/@secure\(\)\n(@.*\n)*type secretTexts/);
    expect(text('main.bicep')).toMatch(/param alertWebhooks secretTexts/);
    expect(text('modules/alerts.bicep')).toMatch(/param webhooks secretTexts/);
  });

  it('use every module', () => {
    const used = sources.map(text).join('\n');
    const modules = sources.filter((file) => file.startsWith('modules'));
    for (const file of modules) expect(used).toContain(file.replace(/^modules\//, ''));
  });

  it('describe the same three deployments that these tests read', () => {
    for (const set of SETS) expect(readSnapshot(set).length, set).toBeGreaterThan(40);
  });
});

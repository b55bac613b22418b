import { describe, expect, it } from 'vitest';
import { scheduleOf } from './schedule.ts';

const SCHEDULES = Array.from({ length: 300 }, (_, seed) => scheduleOf(seed + 1, '2026-09-02'));

describe('a schedule', () => {
  it('follows from its seed alone', () => {
    expect(scheduleOf(7, '2026-09-02')).toEqual(SCHEDULES[6]);
  });

  it('ends with a read of the last version, and faults after it', () => {
    for (const { steps, source } of SCHEDULES) {
      const kinds = steps.map((step) => step.do);
      const versions = source.from === 'rows' ? source.versions.length : source.atMs.length;
      expect(kinds.filter((kind) => kind === 'publish')).toHaveLength(versions - 1);
      expect(kinds.lastIndexOf('read')).toBeGreaterThan(kinds.lastIndexOf('publish'));
      expect(kinds.at(-1)).toBe('fault');
    }
  });

  it('has every kind of fault, of both hosts, in some seed', () => {
    const faults = SCHEDULES.flatMap(({ steps }) =>
      steps.flatMap((step) => (step.do === 'fault' ? [step.fault] : [])),
    );
    const kinds = new Set(faults.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([
      'badMessage',
      'cutBus',
      'duplicate',
      'freeze',
      'hasten',
      'kill',
      'killLate',
      'loseAnswer',
      'refuse',
      'terminate',
      'tick',
    ]);
    expect(new Set(faults.flatMap((fault) => ('host' in fault ? [fault.host] : [])))).toEqual(
      new Set([0, 1]),
    );
  });

  it('has no two calls at one instant with one id', () => {
    for (const { source } of SCHEDULES) {
      if (source.from !== 'rows') continue;
      for (const rows of source.versions) expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    }
  });
});

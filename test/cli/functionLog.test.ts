import { describe, expect, it } from 'vitest';
import { functionLog } from '../../src/cli/functionLog.ts';

const fields = (event: string, more: object = {}) => ({
  function: 'fetchWindows',
  invocationId: 'i',
  message: JSON.stringify({ event, ...more }),
});

describe('the log of the functions on this machine', () => {
  it('counts requests to Graph and shows only what is wrong', () => {
    const shown: string[] = [];
    const { log, requests } = functionLog((line) => shown.push(line));
    log.info('function log', fields('graphRequest', { status: 200 }));
    log.warn('function log', fields('graphRequest', { status: 503 }));
    log.info('function log', { message: 'Executing {' });
    expect(requests()).toBe(2);
    expect(shown).toEqual(['warning: fetchWindows: {"event":"graphRequest","status":503}']);
  });

  it('shows what repeats itself ever more rarely', () => {
    const shown: string[] = [];
    const { log } = functionLog((line) => shown.push(line));
    for (let i = 0; i < 100; i += 1) log.error('function failed', { function: 'f', error: `attempt ${i}` });
    log.error('function failed', { function: 'f', error: 'another reason' });
    expect(shown).toHaveLength(3 + 2 + 1);
    expect(shown[3]).toMatch(/\(10 times by now\)$/);
    expect(shown[4]).toMatch(/\(100 times by now\)$/);
  });
});

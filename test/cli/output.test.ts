import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createOutput, type Progress } from '../../src/cli/output.ts';

function setUp(options: { json: boolean; terminal?: boolean }) {
  const stdout = new PassThrough({ encoding: 'utf8' });
  const stderr = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: options.terminal === true });
  const drawn: string[] = [];
  const bar: Progress = {
    update: (done, total, text) => void drawn.push(`${done}/${total} ${text}`),
    end: () => void drawn.push('end'),
  };
  let nowMs = 0;
  const output = createOutput(
    { stdout, stderr },
    options.json,
    () => bar,
    () => nowMs,
  );
  const read = (stream: PassThrough): string => (stream.read() as string | null) ?? '';
  return {
    output,
    drawn,
    advance: (ms: number) => void (nowMs += ms),
    stdout: () => read(stdout),
    stderr: () => read(stderr),
  };
}

describe('what a command prints', () => {
  it('with --json is one document on stdout, whatever is noted besides', () => {
    const { output, stdout, stderr } = setUp({ json: true });
    output.note('working');
    output.result({ calls: 3, micros: 9_007_199_254_740_993n }, ['three calls']);
    expect(JSON.parse(stdout())).toEqual({ calls: 3, micros: '9007199254740993' });
    expect(stderr()).toBe('working\n');
  });

  it('without --json is lines for a person', () => {
    const { output, stdout, stderr } = setUp({ json: false });
    output.result({ calls: 3 }, ['three calls', '100 % of them']);
    output.error('no such folder');
    expect(stdout()).toBe('three calls\n100 % of them\n');
    expect(stderr()).toBe('error: no such folder\n');
  });

  it('shows progress as a bar on a terminal', () => {
    const { output, drawn, stderr } = setUp({ json: false, terminal: true });
    const progress = output.progress();
    progress.update(1, 2, 'windows');
    progress.end();
    expect(drawn).toEqual(['1/2 windows', 'end']);
    expect(stderr()).toBe('');
  });

  it('shows progress elsewhere as a line every few seconds, and only when it moved', () => {
    const { output, stderr, advance } = setUp({ json: true });
    const progress = output.progress();
    progress.update(1, 3, 'windows');
    advance(100);
    progress.update(2, 3, 'windows');
    advance(10_000);
    progress.update(1, 3, 'windows');
    progress.update(3, 3, 'windows');
    progress.end();
    expect(stderr()).toBe('1/3 windows\n3/3 windows\n');
  });

  it('shows long progress ever more rarely, a minute apart at most', () => {
    const { output, stderr, advance } = setUp({ json: false });
    const progress = output.progress();
    const seconds: number[] = [];
    for (let second = 0; second < 3_600; second += 1) {
      progress.update(second, 3_600, 'windows');
      if (stderr() !== '') seconds.push(second);
      advance(1_000);
    }
    expect(seconds.slice(0, 4)).toEqual([0, 5, 10, 15]);
    expect(seconds.slice(-2).reduce((a, b) => b - a)).toBe(60);
    expect(seconds.length).toBeLessThan(90);
  });
});

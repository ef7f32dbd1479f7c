import { readFileSync, writeFileSync } from 'node:fs';

import { type PerfettoTrace, SHIVIZ_PARSER, type TraceJson } from '@mm/interleave';
import { describe, expect, it } from 'vitest';

import { REFUSED, cliInFolder } from '../../test/cli-in-folder.js';

const cli = cliInFolder();
const EXPLORE = ['explore', '--scenario', 'slub-free-flush'] as const;
const json = (file: string): any => JSON.parse(readFileSync(file, 'utf8'));
const traceOf = (file: string): TraceJson => json(file) as TraceJson;

describe('--execution', () => {
  it('shows a run that holds, and writes it in every form', async () => {
    const outputs = ['--html', 'h', '--trace', 't', '--perfetto', 'p', '--shiviz', 's', '--json', 'j'];
    expect(await cli.run(...EXPLORE, '--execution', '17', ...outputs)).toBe(0);
    const trace = traceOf('t');
    expect(trace.outcome.kind).toBe('ended');
    expect(json('j')).toMatchObject({
      verdict: 'holds',
      failure: null,
      size: { cpus: 2, operations: 1 },
      trace,
    });
    expect(readFileSync('h', 'utf8')).toContain('<title>slub-free-flush 2x1, execution 17</title>');
    const { traceEvents } = json('p') as PerfettoTrace;
    const slices = traceEvents.filter(({ ph, args }) => ph === 'X' && args?.['step'] !== undefined);
    expect(slices).toHaveLength(trace.steps.length);
    const events = readFileSync('s', 'utf8').matchAll(new RegExp(SHIVIZ_PARSER, 'g'));
    expect([...events]).toHaveLength(trace.steps.length);
    expect(cli.said.join('\n')).toContain(`${trace.steps.length - 1}  `);
  });

  it('numbers the runs of the search that is asked for: each is another one', async () => {
    const schedules = new Set<string>();
    for (let n = 1; n <= 45; n++) {
      expect(await cli.run(...EXPLORE, '--execution', `${n}`, '--trace', 't')).toBe(0);
      schedules.add(traceOf('t').schedule.join());
    }
    expect(schedules.size).toBe(45);
    expect(
      await cli.refusal(
        [...EXPLORE, '--execution', '46', '--trace', 'u'],
        'expected 1 to 45, which are all, got 46',
      ),
    ).toBe(REFUSED);
    const sampled = [...EXPLORE, '--strategy', 'random', '--execution', '2', '--trace', 't'];
    expect(await cli.run(...sampled, '--seed', '1')).toBe(0);
    const first = traceOf('t').schedule;
    expect(await cli.run(...sampled, '--seed', '2')).toBe(0);
    expect(traceOf('t').schedule).not.toEqual(first);
  });
});

describe('--schedule', () => {
  it('makes the run that the line of another says', async () => {
    expect(await cli.run(...EXPLORE, '--execution', '17', '--trace', 't', '--json', 'j')).toBe(0);
    const trace = traceOf('t');
    const line = cli.said.find((text) => text.startsWith('reproduce: '))!;
    const list = /--schedule "(?<list>[^"]+)"/u.exec(line)!.groups!['list']!;
    writeFileSync('pairs', JSON.stringify(trace.schedule));
    for (const schedule of [list, 't', 'j', 'pairs', JSON.stringify(trace.schedule)]) {
      expect(await cli.run(...EXPLORE, '--schedule', schedule, '--trace', 'again')).toBe(0);
      expect(traceOf('again')).toEqual(trace);
      expect(cli.said.join('\n')).not.toContain('could not be made');
    }
  });

  it('names tasks, and lets one without a count go as far as it can', async () => {
    expect(await cli.run(...EXPLORE, '--schedule', 'free 0:2, flush, free 0', '--trace', 't')).toBe(0);
    const { steps } = traceOf('t');
    const tasks = steps.map(({ name }) => name).filter((name, at, all) => name !== all[at - 1]);
    // The flush waits for the task that it starts on CPU 0, where the free goes on first.
    expect(tasks).toEqual(['free 0', 'flush', 'free 0', 'task 2', 'flush']);
    expect(steps[2]!.name).toBe('flush');
  });

  it('says where it could not be followed', async () => {
    expect(await cli.run(...EXPLORE, '--schedule', '0:1,2:1')).toBe(0);
    expect(cli.said.join('\n')).toContain('step 1 could not be made as the schedule says');
    expect(await cli.run(...EXPLORE, '--schedule', '0,0:9', '--json', 'j')).toBe(0);
    expect(json('j').leftAt).toBe(5);
  });
});

it('a search in which nothing fails says that there is no failing run to write', async () => {
  expect(await cli.run(...EXPLORE, '--size', '2x1', '--workers', '1', '--html', 'none.html')).toBe(0);
  expect(cli.said.join('\n')).toContain('no run failed: --html not written');
});

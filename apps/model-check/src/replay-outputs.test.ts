import { readFileSync, writeFileSync } from 'node:fs';

import { SHIVIZ_PARSER, type TraceJson } from '@mm/interleave';
import { counterexampleOf, subsystemOf } from '@mm/model';
import { expect, it } from 'vitest';

import { cliInFolder } from '../test/cli-in-folder.js';
import { FAILING_WORLD, failingSlub } from '../test/failing-slub.js';
import { SAVED_RUN } from '../test/saved-run.js';

const cli = cliInFolder();
const OUTPUTS = ['--html', 'h', '--trace', 't', '--perfetto', 'p', '--shiviz', 's', '--json', 'j'];
const json = (file: string): any => JSON.parse(readFileSync(file, 'utf8'));

/** The trace, the steps of the Perfetto file and the hosts of the ShiViz log that were written. */
function written(): { trace: TraceJson; slices: number; hosts: string[] } {
  const trace = json('t') as TraceJson;
  const slices = (json('p').traceEvents as any[]).filter(({ args }) => args?.step !== undefined).length;
  const events = [...readFileSync('s', 'utf8').matchAll(new RegExp(SHIVIZ_PARSER, 'g'))];
  return { trace, slices, hosts: events.map(({ groups }) => groups!['host']!) };
}

it('a program that failed is written in every form, its CPUs as hosts', async () => {
  const slub = subsystemOf('slub');
  const failing = failingSlub();
  const found = { seed: 1, mode: 'interleaved', commands: 1000, commit: 'test' } as const;
  const kept = counterexampleOf(slub, FAILING_WORLD, failing, found);
  writeFileSync('found.json', JSON.stringify(kept));
  expect(await cli.run('replay', 'found.json', ...OUTPUTS)).toBe(1);
  const { trace, slices, hosts } = written();
  expect(trace.outcome.message).toBe(kept.failure);
  expect(trace.steps).toHaveLength(kept.steps.length);
  expect(slices).toBe(trace.steps.length);
  expect(hosts).toEqual(trace.steps.map(({ cpu }) => `CPU${cpu}`));
  expect(json('j')).toMatchObject({ verdict: 'fails as recorded', trace });
  expect(readFileSync('h', 'utf8')).toContain('Jump to the violation');
});

it('a run of a scenario is written in every form, its tasks as hosts', async () => {
  writeFileSync('run.json', JSON.stringify(SAVED_RUN));
  expect(await cli.run('replay', 'run.json', ...OUTPUTS)).toBe(0);
  const { trace, slices, hosts } = written();
  expect(slices).toBe(trace.steps.length);
  expect(new Set(hosts)).toEqual(new Set(['free_0#0', 'flush#1', 'task#2']));
  expect(json('j')).toMatchObject({ verdict: 'holds', failure: null, nondeterministic: null, trace });
  expect(cli.said.join('\n')).not.toContain('not deterministic');
});

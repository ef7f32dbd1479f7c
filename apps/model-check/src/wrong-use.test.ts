import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { counterexampleOf, subsystemOf } from '@mm/model';
import { afterAll, describe, expect, test } from 'vitest';

import { REFUSED, cliInFolder } from '../test/cli-in-folder.js';
import { FAILING_WORLD, failingSlub } from '../test/failing-slub.js';
import { runJob } from './run-job.js';

const { refusal: outcome } = cliInFolder();
const files = mkdtempSync(join(tmpdir(), 'mm-wrong-files-'));
afterAll(() => rmSync(files, { recursive: true }));

const folder = join(files, 'folder');
mkdirSync(folder);
const aFile = join(files, 'file');
writeFileSync(aFile, '');

/** Options of `run`, and what the message names: field, what was expected, and the value. */
const RUN: ReadonlyArray<readonly [readonly string[], string]> = [
  [['--system', 'slob'], '--system: expected one of zones, buddy, slub, slab, sysfs, v7s, got "slob"'],
  [['--system', ''], '--system: expected one of zones, buddy, slub, slab, sysfs, v7s, got ""'],
  [['--system', 'buddy,'], '--system: expected one of'],
  [['--system', 'Buddy'], 'got "Buddy"'],
  [['--system', 'buddy,buddy'], '--system: expected each system once, got "buddy,buddy"'],
  [['--system', '__proto__'], '--system: expected one of'],
  [['--system'], "option '--system <names>' argument missing"],
  [['--seed', '-1'], '--seed: expected an integer of 0 to 2147483647, got "-1"'],
  [['--seed', '2147483648'], '--seed: expected an integer of 0 to 2147483647, got "2147483648"'],
  [['--seed', '1e3'], '--seed: expected an integer'],
  [['--seed', '0x10'], '--seed: expected an integer'],
  [['--seed', ''], '--seed: expected an integer'],
  [['--seed', 'NaN'], '--seed: expected an integer'],
  [['--seed', ' 1'], '--seed: expected an integer'],
  [['--runs', '0'], '--runs: expected an integer of 1 to 2147483647, got "0"'],
  [['--runs', '1.5'], '--runs: expected an integer of 1 to 2147483647, got "1.5"'],
  [['--runs', 'many'], '--runs: expected an integer'],
  [['--runs', '99999999999999999999'], '--runs: expected an integer'],
  [['--commands', '0'], '--commands: expected an integer of 1 to 1000000, got "0"'],
  [['--commands', '1000001'], '--commands: expected an integer of 1 to 1000000, got "1000001"'],
  [['--commands', '∞'], '--commands: expected an integer'],
  [['--time', 'soon'], '--time: expected a time like 500ms, 30s, 5m or 1h, got "soon"'],
  [['--time', '30'], '--time: expected a time like'],
  [['--time', '-3s'], '--time: expected a time like'],
  [['--time', '1.5h'], '--time: expected a time like'],
  [['--time', '9999999s'], '--time: expected a time like'],
  [['--mode', 'fast'], '--mode: expected one of both, sequence, interleaved, got "fast"'],
  [['--mode', ''], '--mode: expected one of'],
  [['--cpus', '0'], '--cpus: expected an integer of 1 to 64, got "0"'],
  [['--cpus', '65'], '--cpus: expected an integer of 1 to 64, got "65"'],
  [['--cpus', 'two'], '--cpus: expected an integer'],
  [['--preset', 'vax'], '--preset: expected one of'],
  [['--preset', 'ARM'], 'got "ARM"'],
  [['--series', 'v3'], '--series: expected one of 4.15, none, v4, merged, got "v3"'],
  [['--series', 'V4'], '--series: expected one of'],
  [['--behaviour', 'wild'], '--behaviour: expected one of corrected, linux-6.1, got "wild"'],
  [['--workers', '0'], '--workers: expected an integer of 1 to 1024, got "0"'],
  [['--workers', '2000'], '--workers: expected an integer of 1 to 1024, got "2000"'],
  [['--workers', 'all'], '--workers: expected an integer'],
  [['--shard', '1'], '--shard: expected i/n with 1 <= i <= n <= 10000, such as 2/4, got "1"'],
  [['--shard', '0/4'], '--shard: expected i/n'],
  [['--shard', '5/4'], '--shard: expected i/n'],
  [['--shard', '1/0'], '--shard: expected i/n'],
  [['--shard', '-1/4'], '--shard: expected i/n'],
  [['--shard', '1/99999'], '--shard: expected i/n'],
  [['--shard', 'a/b'], '--shard: expected i/n'],
  [['--shard', '1/2/3'], '--shard: expected i/n'],
  [['--resume'], '--resume: expected --checkpoint with it'],
  [['--checkpoint', ''], '--checkpoint: expected the name of a file, got ""'],
  [['--checkpoint', folder], '--checkpoint: expected a file, not a folder'],
  [['--checkpoint', 'no/such/folder/c'], '--checkpoint: expected a file that can be written'],
  [['--json', folder], '--json: expected a file, not a folder'],
  [
    ['--json', 'no/such/folder/with/a/name/that/is/longer/than/sixty/characters/r.json'],
    '--json: expected a file that can be written (its folder is not there), ' +
      'got "no/such/folder/with/a/name/that/is/longer/than/sixty/characters/r.json"',
  ],
  [['--json', join(aFile, 'r.json')], '--json: expected a file that can be written (its folder is a file)'],
  [['--json', 'a\0b'], '--json: expected the name of a file'],
  [['--junit', folder], '--junit: expected a file, not a folder'],
  [['--junit', `${files}/folder/x/y.xml`], '--junit: expected a file that can be written'],
  [['--save', ' '], '--save: expected the name of a folder'],
  [['--save', 'a\0b'], '--save: expected the name of a folder'],
  [['--save', aFile], `--save: expected a folder, not a file, got ${JSON.stringify(aFile)}`],
  [['--save', join(aFile, 'x')], '--save: expected a folder that can be written (its folder is a file)'],
  [['--fast'], "unknown option '--fast'"],
  [['-s'], "unknown option '-s'"],
  [['now'], "too many arguments for 'run'"],
];

describe('a wrong option of run ends in 2, is named, and nothing is written', () => {
  test.each(RUN)('%j', async (args, says) => {
    expect(await outcome(['run', ...args], says)).toBe(REFUSED);
  });
});

/** A counterexample and a report as they are written. */
const slub = subsystemOf('slub');
const world = FAILING_WORLD;
const failing = failingSlub();
const good = counterexampleOf(slub, world, failing, {
  seed: 2,
  mode: 'interleaved',
  commands: 1000,
  commit: 'test',
});
const searched = {
  systems: ['zones'],
  seed: 1,
  runs: 2,
  commands: 10,
  milliseconds: 1000,
  mode: 'both',
  all: false,
  world: { cpus: 1 },
} as const;
const lane = {
  name: 'zones',
  end: 'complete',
  units: 1,
  spentMs: 1,
  result: await runJob.runUnit(searched, 'zones', 0, () => {}),
};
const report = {
  schemaVersion: 2,
  job: 'run',
  options: searched,
  commit: 'test',
  shard: { index: 1, of: 1 },
  verdict: 'holds',
  lanes: [lane],
  counterexamples: [],
};
const head = {
  format: 'mm-checkpoint/1',
  job: 'run',
  options: searched,
  commit: 'test',
  shard: report.shard,
};

const edited = (value: unknown, edit: (copy: any) => void): string => {
  const copy = structuredClone(value);
  edit(copy);
  return JSON.stringify(copy);
};
const found = (edit: (copy: any) => void): string => edited(good, edit);
const summed = (edit: (copy: any) => void): string => edited(report, edit);
const noted = (...lines: readonly unknown[]): string =>
  [head, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');

/** What a file holds, and what the message names. */
type Broken = readonly [name: string, content: string | Buffer, says: string];

const COUNTEREXAMPLES: readonly Broken[] = [
  ['empty', '', 'a counterexample, whole JSON'],
  ['text', 'reproduce: mm-check', 'a counterexample, whole JSON'],
  ['half', JSON.stringify(good).slice(0, 200), 'a counterexample, whole JSON'],
  ['binary', Buffer.from([0, 255, 254, 3, 0, 1]), 'a counterexample, whole JSON'],
  ['deep', '['.repeat(200_000), 'a counterexample, whole JSON'],
  ['deep-whole', `${'['.repeat(5000)}${']'.repeat(5000)}`, 'expected an object, got an array'],
  ['null', 'null', 'expected an object, got null'],
  ['number', '7', 'expected an object, got 7'],
  ['list', '[]', 'expected an object, got an array of 0'],
  ['object', '{}', '.format: expected mm-counterexample/2, got undefined'],
  ['format-1', found((c) => (c.format = 'mm-counterexample/1')), '.format: expected mm-counterexample/2'],
  ['system', found((c) => (c.system = 'slob')), '.system: expected one of'],
  ['system-list', found((c) => (c.system = ['slub'])), '.system: expected a string'],
  ['options', found((c) => (c.options = null)), '.options: expected an object, got null'],
  ['option', found((c) => (c.options.turbo = true)), '.options.turbo: expected one of'],
  ['option-proto', found((c) => (c.options.constructor = 1)), '.options.constructor: expected one of'],
  ['cpus', found((c) => (c.options.cpus = 65)), '.options.cpus: expected an integer of 1 to 64, got 65'],
  ['cpus-text', found((c) => (c.options.cpus = '2')), '.options.cpus: expected a number, got "2"'],
  ['preset', found((c) => (c.options.preset = 'vax')), 'preset'],
  ['series', found((c) => (c.options.series = 'v3')), 'series'],
  ['ram', found((c) => (c.options.ramBytes = -1)), 'ramBytes'],
  ['found', found((c) => delete c.found), '.found: expected an object'],
  ['seed', found((c) => (c.found.seed = 1.5)), '.found.seed: expected an integer'],
  ['mode', found((c) => (c.found.mode = 'both')), '.found.mode: expected sequence or interleaved'],
  ['invariant', found((c) => delete c.invariant), '.invariant: expected a string'],
  ['failure', found((c) => (c.failure = {})), '.failure: expected a string'],
  ['program', found((c) => (c.program = 'x')), '.program: expected a list'],
  ['op', found((c) => (c.program[0] = null)), '.program[0]: expected an object, got null'],
  [
    'command',
    found((c) => (c.program[1].command = 'launch')),
    '.program[1].command: expected a command of slub',
  ],
  ['op-cpu', found((c) => (c.program[0].cpu = 2)), '.program[0].cpu: expected an integer of 0 to 1, got 2'],
  ['op-a', found((c) => (c.program[0].a = -1)), '.program[0].a: expected an integer'],
  ['op-b', found((c) => (c.program[0].b = 2 ** 31)), '.program[0].b: expected an integer'],
  ['schedule', found((c) => (c.schedule = 7)), '.schedule: expected a list'],
  ['schedule-odd', found((c) => (c.schedule = [0, 1, 2])), '.schedule: expected pairs of choice and count'],
  ['schedule-op', found((c) => (c.schedule = [64 * 99, 1])), '.schedule[0]: expected operation × 64 + CPU'],
  ['schedule-cpu', found((c) => (c.schedule = [63, 1])), '.schedule[0]: expected operation × 64 + CPU'],
  ['schedule-zero', found((c) => (c.schedule = [0, 0])), '.schedule: expected pairs of choice and count'],
  ['steps', found((c) => (c.steps = {})), '.steps: expected a list'],
  ['step', found((c) => (c.steps = [1])), '.steps[0]: expected a string'],
];

const REPORTS: readonly Broken[] = [
  ['empty', '', 'a report, whole JSON'],
  ['half', JSON.stringify(report).slice(0, -9), 'a report, whole JSON'],
  ['schema', summed((r) => (r.schemaVersion = 1)), 'schemaVersion: expected'],
  ['job', summed((r) => (r.job = 'walk')), '.job'],
  ['lanes', summed((r) => delete r.lanes), 'lanes: expected array'],
  ['lane-end', summed((r) => (r.lanes[0].end = 'soon')), 'lanes.0.end'],
  ['result', summed((r) => (r.lanes[0].result = {})), 'lanes[0].result.sequence'],
  ['count', summed((r) => (r.lanes[0].result.sequence.counts.runs = -1)), 'sequence.counts.runs'],
  ['shard', summed((r) => (r.shard = { index: 0, of: 1 })), 'shard.index'],
  ['counterexample', summed((r) => (r.counterexamples = [{}])), '.counterexamples[0].format'],
  ['missing', summed((r) => (r.shard.of = 3)), 'shards: expected all of 3, or --partial, got "none of 2, 3"'],
];

const CHECKPOINTS: readonly Broken[] = [
  ['head-only-half', JSON.stringify(head).slice(0, 60), 'line 1: expected a JSON object'],
  ['line', `${noted()}hello\n`, 'line 2: expected a JSON object'],
  ['lane', noted({ k: 0, spentMs: 1, result: {} }), 'line 2: lane: expected a name'],
  ['k', noted({ lane: 'zones', k: -1, spentMs: 1, result: {} }), 'line 2: k: expected a unit number'],
  [
    'spent',
    noted({ lane: 'zones', k: 0, spentMs: 'x', result: {} }),
    'line 2: spentMs: expected milliseconds',
  ],
  ['result', noted({ lane: 'zones', k: 0, spentMs: 1, result: 7 }), 'line 2: result: expected an object'],
  ['result-shape', noted({ lane: 'zones', k: 0, spentMs: 1, result: {} }), 'unit 0.sequence'],
  ['job', `${JSON.stringify({ ...head, job: 'walk' })}\n`, 'job: expected one of'],
  ['open', noted({ lane: 'zones', k: 0, spentMs: 1, result: lane.result }), 'a shard that came to its end'],
];

const saved = (name: string, content: string | Buffer): string => {
  const file = join(files, name);
  writeFileSync(file, content);
  return file;
};

describe('a broken file ends in 2, is named, and nothing is written', () => {
  test.each(COUNTEREXAMPLES)('replay: %s', async (name, content, says) => {
    const file = saved(`found-${name}.json`, content);
    expect(await outcome(['replay', file], says)).toBe(REFUSED);
  });

  test.each(REPORTS)('merge: report %s', async (name, content, says) => {
    const args = ['merge', saved(`report-${name}.json`, content), '--json', 'out.json'];
    expect(await outcome(args, says)).toBe(REFUSED);
  });

  test.each(CHECKPOINTS)('merge: checkpoint %s', async (name, content, says) => {
    const args = ['merge', saved(`checkpoint-${name}.jsonl`, content), '--junit', 'out.xml'];
    expect(await outcome(args, says)).toBe(REFUSED);
  });

  test('a broken file among the saved counterexamples is named before anything is searched', async () => {
    mkdirSync(join(files, 'saved'), { recursive: true });
    saved('saved/broken.json', '{}');
    expect(
      await outcome(['run', '--save', join(files, 'saved'), '--json', 'out.json'], 'broken.json.format'),
    ).toBe(REFUSED);
  });
});

const MORE: ReadonlyArray<readonly [readonly string[], string]> = [
  [['replay'], "missing required argument 'file'"],
  [['replay', '/nowhere.json'], 'ENOENT'],
  [['replay', folder], 'EISDIR'],
  [['replay', 'a\0b'], 'expected a file that can be read'],
  [['replay', '--loud', 'x'], "unknown option '--loud'"],
  [['replay', 'x', 'y'], "too many arguments for 'replay'"],
  [['replay', 'x', '--json', folder], '--json: expected a file, not a folder'],
  [['replay', 'x', '--html', '/nowhere/x.html'], '--html: expected a file that can be written'],
  [['replay', 'x', '--as-test', '--json', 'y.json'], '--as-test: expected no --json with it: nothing is run'],
  [['replay', 'x', '--as-test', '--stall', '1s'], '--as-test: expected no --stall with it: nothing is run'],
  [['replay', 'x', '--stall', 'soon'], '--stall: expected a time like 500ms, 30s, 5m or 1h, got "soon"'],
  [['replay', 'x', '--stall', '0s'], '--stall: expected more than no time, got "0s"'],
  [['run', '--stall', 'soon'], '--stall: expected a time like 500ms, 30s, 5m or 1h, got "soon"'],
  [['run', '--stall', '0s'], '--stall: expected more than no time, got "0s"'],
  [['merge'], "missing required argument 'file'"],
  [['merge', '/nowhere.json'], 'ENOENT'],
  [['merge', folder], 'EISDIR'],
  [['merge', '--shard', '1/2', 'x'], "unknown option '--shard'"],
  [['merge', '--json', folder, 'x'], '--json: expected a file, not a folder'],
  [['all', 'x'], "too many arguments for 'all'"],
  [['runn'], "unknown command 'runn'"],
];

test.each(MORE)('%j ends in 2 and says what is wrong', async (args, says) => {
  expect(await outcome(args, says)).toBe(REFUSED);
});

test('reports of different campaigns, and the same shard twice, are refused', async () => {
  const one = saved(
    'one.json',
    summed((r) => (r.shard = { index: 1, of: 2 })),
  );
  const two = saved(
    'two.json',
    summed((r) => Object.assign(r, { commit: 'other', shard: { index: 2, of: 2 } })),
  );
  expect(await outcome(['merge', one, two], 'two.json: commit: expected that of')).toBe(REFUSED);
  const other = saved(
    'other.json',
    summed((r) => Object.assign(r, { shard: { index: 2, of: 3 } })),
  );
  expect(await outcome(['merge', one, other], 'other.json: shard.of: expected that of')).toBe(REFUSED);
  expect(await outcome(['merge', one, one], 'one.json: shard: expected another one than that of')).toBe(
    REFUSED,
  );
});

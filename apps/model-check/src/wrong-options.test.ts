import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { REFUSED, cliInFolder } from '../test/cli-in-folder.js';

const { refusal, said } = cliInFolder();
const files = mkdtempSync(join(tmpdir(), 'mm-wrong-options-'));
afterAll(() => rmSync(files, { recursive: true }));
const folder = join(files, 'folder');
mkdirSync(folder);

const saved = (name: string, content: string | Buffer): string => {
  const file = join(files, name);
  writeFileSync(file, content);
  return file;
};

type Wrong = readonly [args: readonly string[], says: string];

const RUN: readonly Wrong[] = [
  [['--faults', ''], '--faults: expected interval,probability,space,times'],
  [['--faults', '10'], '--faults: expected interval,probability,space,times'],
  [['--faults', '10,100,0'], '--faults: expected interval,probability,space,times'],
  [['--faults', '10,100,0,-1,7'], '--faults: expected interval,probability,space,times'],
  [['--faults', 'a,b,c,d'], '--faults'],
  [['--faults', '-1,100,0,-1'], '--faults'],
  [['--faults', '10,101,0,-1'], '--faults'],
  [['--faults', '10,100,-5,-1'], '--faults'],
  [['--faults', '10,100,0,-2'], '--faults'],
  [['--faults', '1e9,100,0,-1'], '--faults'],
  [['--faults', '99999999999999999999,100,0,-1'], '--faults'],
  [['--failslab', '1.5,100,0,-1'], '--failslab'],
  [['--failslab', 'NaN,100,0,-1'], '--failslab'],
  [['--failslab'], "option '--failslab <attributes>' argument missing"],
  [['--corrupt', '--system', 'zones,buddy'], '--corrupt'],
  [['--corrupt=yes'], '--corrupt'],
  [['--tables', 'paper'], '--tables: expected one of slab, page, page-frag, genalloc, got "paper"'],
  [['--tables', 'page', '--system', 'slub'], '--tables'],
  [['--stall', '-1s'], '--stall: expected a time like'],
  [['--stall', '1d'], '--stall: expected a time like'],
  [['--seed', '1', '--seed', '2'], '--seed: expected only once, got "2"'],
  [['--system', 'slub', '--system', 'slab'], '--system: expected only once, got "slab"'],
  [['--json', 'a', '--json', 'b'], '--json: expected only once'],
  [['--json', 'same', '--junit', './same'], '--junit: expected another file than that of --json'],
  [['--checkpoint', 'same', '--json', 'same'], '--json: expected another file than that of --checkpoint'],
  [['--save', saved('a-file', 'x')], '--save'],
  [['--save', 'a\0b'], '--save: expected the name of a folder'],
  [['--cpus', '64', '--preset', 'arm64', '--cpus', '2'], '--cpus: expected only once'],
  [['--time', '0s'], '--time: expected more than no time, got "0s"'],
  [['--time', '000ms'], '--time: expected more than no time, got "000ms"'],
  [['--json', ' '], '--json: expected the name of a file, got " "'],
  [['--junit', '\t '], '--junit: expected the name of a file'],
  [['--checkpoint', '   '], '--checkpoint: expected the name of a file'],
  [['--invariants', '--json', 'x'], '--invariants: expected no --json with it: nothing is run'],
  [['--invariants', '--workers', '2'], '--invariants: expected no --workers with it'],
  [['--invariants', '--all'], '--invariants: expected no --all with it'],
  [['--corrupt', '--no-corrupt', '--system', 'slub'], '--no-corrupt: expected no --corrupt with it'],
  [['--no-corrupt', '--system', 'slub', '--corrupt'], '--corrupt: expected no --no-corrupt with it'],
];

const ONE = ['--scenario', 'slub-free-flush'] as const;
const EXPLORE: readonly Wrong[] = [
  [['--scenario', ''], '--scenario: expected names'],
  [['--scenario', 'slub-free-flush,'], '--scenario: expected names'],
  [['--scenario', '__proto__'], '--scenario: expected names'],
  [['--scenario', 'slub-free-flush,slub-free-flush'], '--scenario: expected each scenario once'],
  [['--scenario'], "option '--scenario <names>' argument missing"],
  [[...ONE, '--strategy', ''], '--strategy: expected one of dpor, pct, random, got ""'],
  [[...ONE, '--preemptions', '-1'], '--preemptions: expected an integer of 0 to 2147483647, got "-1"'],
  [[...ONE, '--preemptions', 'few'], '--preemptions: expected an integer'],
  [[...ONE, '--preemptions', '1', '--strategy', 'random'], '--preemptions: expected --strategy dpor with it'],
  [[...ONE, '--seed', '1'], '--seed: expected --strategy pct or random with it'],
  [[...ONE, '--seed', '1.5', '--strategy', 'pct'], '--seed: expected an integer'],
  [[...ONE, '--depth', '0', '--strategy', 'pct'], '--depth: expected an integer of 1'],
  [[...ONE, '--depth', '2', '--strategy', 'random'], '--depth: expected --strategy pct with it'],
  [[...ONE, '--time', '0'], '--time: expected a time like'],
  [[...ONE, '--runs', '0'], '--runs: expected an integer of 1'],
  [[...ONE, '--size', '2'], '--size: expected for slub-free-flush one of 2x1, 2x2, 3x1, got "2"'],
  [[...ONE, '--size', '1x2'], '--size: expected for slub-free-flush one of'],
  [[...ONE, '--size', '2×1'], '--size: expected for slub-free-flush one of'],
  [[...ONE, '--html', folder], '--html: expected a file, not a folder'],
  [[...ONE, '--trace', ''], '--trace: expected the name of a file'],
  [[...ONE, '--perfetto', '/nowhere/p'], '--perfetto: expected a file that can be written'],
  [[...ONE, '--shiviz', 'a\0b'], '--shiviz: expected the name of a file'],
  [[...ONE, '--html', 'x', '--trace', 'x'], '--trace: expected another file than that of --html'],
  [[...ONE, '--resume'], '--resume: expected --checkpoint with it'],
  [[...ONE, '--execution', '0'], '--execution: expected an integer of 1 to 2147483647, got "0"'],
  [[...ONE, '--execution', 'last'], '--execution: expected an integer'],
  [[...ONE, '--execution', '46'], '--execution: expected 1 to 45, which are all, got 46'],
  [[...ONE, '--execution', '1', '--schedule', '0'], '--schedule: expected no --execution with it'],
  [[...ONE, '--execution', '1', '--runs', '9'], '--execution: expected no --runs with it'],
  [[...ONE, '--execution', '1', '--time', '9s'], '--execution: expected no --time with it'],
  [[...ONE, '--execution', '1', '--shard', '1/2'], '--execution: expected no --shard with it'],
  [[...ONE, '--execution', '1', '--checkpoint', 'c'], '--execution: expected no --checkpoint with it'],
  [[...ONE, '--execution', '1', '--junit', 'j'], '--execution: expected no --junit with it'],
  [['--execution', '1'], '--execution: expected one --scenario with it, got "none"'],
  [['--scenario', 'all', '--execution', '1'], '--execution: expected one --scenario with it, got "all"'],
  [['--schedule', '0'], '--schedule: expected one --scenario with it'],
  [[...ONE, '--schedule', ''], '--schedule: expected a file that is there'],
  [[...ONE, '--schedule', ','], '--schedule: expected a file that is there'],
  [[...ONE, '--schedule', 'nobody'], 'tasks are 0 (free 0), 1 (flush)'],
  [[...ONE, '--schedule', '0:0'], '--schedule: expected 1 to 2147483647 steps'],
  [[...ONE, '--schedule', '0:-1'], '--schedule: expected a file that is there'],
  [[...ONE, '--schedule', '0:9999999999'], '--schedule: expected 1 to 2147483647 steps'],
  [[...ONE, '--schedule', '0@2:1'], '--schedule: expected CPUs 0 to 1'],
  [[...ONE, '--schedule', '16:1'], '--schedule: expected tasks below 16'],
  [[...ONE, '--schedule', '9:1'], '--schedule: expected tasks 0 to 2, there are no others, got "9"'],
  [[...ONE, '--schedule', '[]'], '--schedule: expected pairs of choice and count, at least one'],
  [[...ONE, '--schedule', '[0]'], '--schedule: expected pairs of choice and count'],
  [[...ONE, '--schedule', '[0,1'], '--schedule: expected pairs of choice and count, whole JSON'],
  [[...ONE, '--schedule', '[0,null]'], '--schedule'],
  [[...ONE, '--schedule', '[2,1]'], '--schedule: expected CPUs 0 to 1'],
  [[...ONE, '--schedule', folder], 'EISDIR'],
  [[...ONE, '--schedule', saved('binary', Buffer.from([0, 255, 254, 3]))], 'a schedule, whole JSON'],
  [[...ONE, '--schedule', saved('empty', '')], 'a schedule, whole JSON'],
  [[...ONE, '--schedule', saved('object', '{}')], '--schedule: expected pairs of choice and count'],
  [[...ONE, '--schedule', saved('null', 'null')], '--schedule: expected pairs of choice and count'],
  [[...ONE, '--schedule', saved('texts', '{"schedule":["a","b"]}')], '--schedule'],
  [[...ONE, '--schedule', saved('nested', '{"trace":{"schedule":[0,-1]}}')], '--schedule'],
  [[...ONE, '--schedule', '0', '--strategy', 'dpor'], '--schedule: expected no --strategy with it'],
  [
    [...ONE, '--schedule', '0', '--seed', '1', '--strategy', 'pct'],
    '--schedule: expected no --strategy with it',
  ],
  [[...ONE, '--schedule', '0', '--workers', '2'], '--schedule: expected no --workers with it'],
  [[...ONE, '--schedule', '0', '--schedule', '1'], '--schedule: expected only once'],
  [['extra'], "too many arguments for 'explore'"],
  [['--json', 'x'], '--json: expected a --scenario with it, got "none"'],
  [['--time', '5s'], '--time: expected a --scenario with it'],
  [['--strategy', 'pct', '--depth', '2'], '--strategy: expected a --scenario with it'],
  [[...ONE, '--time', '0m'], '--time: expected more than no time, got "0m"'],
];

const SCENARIO_RUN = {
  format: 'mm-scenario/1',
  scenario: 'slub-free-flush',
  size: { cpus: 2, operations: 1 },
  kind: 'check failed',
  failure: 'x',
  schedule: [0, 3],
};
const broken = (name: string, edit: object): string =>
  saved(`scenario-${name}.json`, JSON.stringify({ ...SCENARIO_RUN, ...edit }));
const whole = broken('whole', {});
const REPLAY: readonly Wrong[] = [
  [[broken('version', { format: 'mm-scenario/2' })], 'format: expected mm-scenario/1, got "mm-scenario/2"'],
  [[broken('name', { scenario: 'nobody' })], 'scenario: expected one of'],
  [[broken('no-name', { scenario: undefined })], 'scenario: expected one of'],
  [[broken('size', { size: null })], 'size: expected one of'],
  [[broken('size-text', { size: '2x1' })], 'size: expected one of'],
  [[broken('kind', { kind: 7 })], 'kind: expected a text, got 7'],
  [[broken('failure', { failure: null })], 'failure: expected a text, got null'],
  [[broken('schedule', { schedule: 'x' })], 'schedule: expected'],
  [[broken('schedule-none', { schedule: undefined })], 'schedule: expected'],
  [[broken('schedule-odd', { schedule: [0] })], 'schedule: expected'],
  [[broken('schedule-float', { schedule: [0, 0.5] })], 'schedule: expected'],
  [[saved('cut.json', JSON.stringify(SCENARIO_RUN).slice(0, 60))], 'a counterexample, whole JSON'],
  [[whole, '--html', folder], '--html: expected a file, not a folder'],
  [[whole, '--trace', '/nowhere/t'], '--trace: expected a file that can be written'],
  [[whole, '--perfetto', ''], '--perfetto: expected the name of a file'],
  [[whole, '--shiviz', folder], '--shiviz: expected a file, not a folder'],
  [[whole, '--json', whole], '--json: expected another file than one that is read'],
  [[whole, '--html', 'x', '--perfetto', 'x'], '--perfetto: expected another file than that of --html'],
  [[whole, '--as-test', '--shiviz', 'x'], '--as-test: expected no --shiviz with it'],
  [[whole, '--html', 'x', '--html', 'y'], '--html: expected only once'],
  [[broken('as-test', { kind: null }), '--as-test'], 'kind: expected a text'],
];

const MUTANTS: readonly Wrong[] = [
  [['--only', ''], '--only: expected ids of'],
  [['--only', 'nobody'], '--only: expected ids of'],
  [['--only', '1,,2'], '--only: expected ids of'],
  [['--only', '999'], '--only: expected ids of'],
  [['--time', 'soon'], '--time: expected a time like'],
  [['--time', '-1s'], '--time: expected a time like'],
  [['--seed', '-1'], '--seed: expected an integer of 0 to 2147483647'],
  [['--seed', 'x'], '--seed: expected an integer'],
  [['--workers', '0'], '--workers: expected an integer of 1 to 64'],
  [['--workers', '65'], '--workers: expected an integer of 1 to 64'],
  [['--json', folder], '--json: expected a file, not a folder'],
  [['--json', '/nowhere/m.json'], '--json: expected a file that can be written'],
  [['--json', ''], '--json: expected the name of a file'],
  [['--list', '--replay'], '--list: expected no --replay with it'],
  [['--list', '--save'], '--list: expected no --save with it'],
  [['--replay', '--json', 'm'], '--replay: expected no --json with it'],
  [['--replay', '--time', '1s'], '--replay: expected no --time with it'],
  [['--only', '7', '--only', '8'], '--only: expected only once'],
  [['seven'], "too many arguments for 'mutants'"],
  [['--time', '0h'], '--time: expected more than no time, got "0h"'],
];

const HEAD = {
  format: 'mm-checkpoint/1',
  job: 'explore',
  commit: 'x',
  shard: { index: 1, of: 1 },
  options: {},
};
const checkpoint = (name: string, content: string | Buffer): readonly string[] => [
  ...ONE,
  '--checkpoint',
  saved(`checkpoint-${name}.jsonl`, content),
  '--resume',
];
const CHECKPOINTS: readonly Wrong[] = [
  [checkpoint('empty', ''), 'line 1: expected a JSON object'],
  [checkpoint('binary', Buffer.from([0, 255, 10, 3])), 'line 1: expected a JSON object'],
  [checkpoint('text', 'hello\n'), 'line 1: expected a JSON object'],
  [checkpoint('list', '[]\n'), 'line 1: format: expected mm-checkpoint/1, got undefined'],
  [
    checkpoint('version', `${JSON.stringify({ ...HEAD, format: 'mm-checkpoint/2' })}\n`),
    'line 1: format: expected mm-checkpoint/1, got "mm-checkpoint/2"',
  ],
  [checkpoint('job', `${JSON.stringify({ ...HEAD, job: 'run' })}\n`), 'job: expected that of this campaign'],
  [checkpoint('job-none', `${JSON.stringify({ ...HEAD, job: 7 })}\n`), 'line 1: job: expected a name, got 7'],
  [checkpoint('commit', `${JSON.stringify(HEAD)}\n`), 'commit: expected that of this campaign'],
  [
    checkpoint('commit-none', `${JSON.stringify({ ...HEAD, commit: null })}\n`),
    'line 1: commit: expected a commit, got null',
  ],
  [
    checkpoint('shard', `${JSON.stringify({ ...HEAD, shard: { index: 3, of: 2 } })}\n`),
    'line 1: shard: expected index and of',
  ],
  [[...ONE, '--checkpoint', folder, '--resume'], '--checkpoint: expected a file, not a folder'],
  [
    [...ONE, '--checkpoint', saved('there.jsonl', 'x')],
    '--checkpoint: expected a file that is not there yet, or --resume',
  ],
];

const MERGE: readonly Wrong[] = [
  [[whole], 'schemaVersion: expected'],
  [[saved('m-version.json', '{"schemaVersion":99}')], 'schemaVersion: expected'],
  [[saved('m-list.json', '[1]')], 'expected object'],
  [[saved('m-null.json', 'null')], 'expected object'],
  [[saved('m-binary.json', Buffer.from([255, 254, 0, 1]))], 'a report, whole JSON'],
  [[whole, '--json', whole], '--json: expected another file than one that is read'],
  [[whole, '--json', 'x', '--junit', 'x'], '--junit: expected another file than that of --json'],
  [[whole, '--json', 'x', '--json', 'y'], '--json: expected only once'],
];

describe.each<readonly [string, readonly Wrong[]]>([
  ['run', RUN],
  ['explore', EXPLORE],
  ['replay', REPLAY],
  ['mutants', MUTANTS],
  ['explore', CHECKPOINTS],
  ['merge', MERGE],
])('a wrong %s ends in 2, is named, and nothing is written', (command, wrong) => {
  test.each(wrong)('%j', async (args, says) => {
    expect(await refusal([command, ...args], says)).toBe(REFUSED);
  });
});

test('help for what is no command ends in 2 and names it', async () => {
  expect(await refusal(['help', 'nobody'], "unknown command 'nobody'")).toBe(REFUSED);
});

const hasDevices = existsSync('/dev/full') && existsSync('/dev/zero');
test.skipIf(!hasDevices)('a device without an end is refused by its size', async () => {
  const says = 'expected a file of at most 524288000 bytes';
  expect(await refusal(['conform', '/dev/zero'], says)).toBe(REFUSED);
});

test.skipIf(!hasDevices)(
  'a disk that fills up while a run is made is told of, after what the run came to',
  async () => {
    const run = ['run', '--system', 'zones', '--runs', '1', '--workers', '1'];
    const says = '/dev/full: expected a file that can be written, got "no space is left"';
    for (const option of ['--json', '--junit']) {
      expect(await refusal([...run, option, '/dev/full'], says)).toBe(REFUSED);
      expect(said.join('\n')).toContain('holds: seeds from 1');
    }
  },
);

test('a file too large for a text is refused by its size', async () => {
  const file = saved('huge.json', '');
  truncateSync(file, 600 * 2 ** 20);
  for (const args of [
    ['replay', file],
    ['merge', file],
    ['explore', ...ONE, '--schedule', file],
    ['conform', file],
  ])
    expect(await refusal(args, 'expected a file of at most 524288000 bytes')).toBe(REFUSED);
});

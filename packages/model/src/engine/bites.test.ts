import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { PcpWord, ZONE_WORDS, ZoneWord, pcpAt } from '@mm/buddy';
import { scheduleSwitches } from '@mm/interleave';
import { CellSpace, type Steps, read, write } from '@mm/steps';
import { expect, test } from 'vitest';

import { type BuddyWorld, buddyWorld, checkBuddyLocal, checkBuddyWhole } from '../buddy/buddy-world.js';
import { ModelViolation } from '../model-violation.js';
import type { Command, Subsystem, WorldOptions } from '../subsystem.js';
import { SUBSYSTEMS } from '../subsystems.js';
import { counterexampleOf, replayCounterexample } from './counterexample.js';
import { type CommandCount, newCounts } from './counts.js';
import { runExample } from './example.js';
import { parseCounterexample } from './parse-counterexample.js';
import { randomProgram } from './program.js';
import { recordRun } from './record-run.js';
import { shrinkExample } from './shrink-example.js';

/** A counter that two CPUs may add to, and a stack that breaks when a seventh element is pushed. */
interface Toy {
  readonly cells: CellSpace;
  readonly cell: number;
  counter: number;
  added: number;
  readonly stack: number[];
  broken: boolean;
}

const command = (
  name: string,
  run: (world: Toy) => void,
  steps?: (world: Toy) => Steps<void>,
): Command<Toy> => ({
  name,
  weight: 10,
  enabled: () => true,
  run: (world) => run(world),
  *steps(world): Steps<void> {
    if (steps === undefined) run(world);
    else yield* steps(world);
  },
  describe: () => `${name}()`,
});

function add(world: Toy): void {
  world.counter++;
  world.added++;
}

function* addInSteps(world: Toy): Steps<void> {
  yield read(world.cell);
  const seen = world.counter;
  yield write(world.cell);
  world.counter = seen + 1;
  world.added++;
}

function push(world: Toy): void {
  world.stack.push(1);
  if (world.stack.length === 7) world.broken = true;
}

const always = (): void => {
  throw new ModelViolation('no update is lost', 'always');
};

function* addThenThrow(world: Toy): Steps<void> {
  yield* addInSteps(world);
  throw new ModelViolation('no update is lost', 'always');
}

const toy = (what: 'race' | 'stack'): Subsystem<Toy> => ({
  name: 'toy',
  commands: [
    what === 'race' ? command('add', add, addInSteps) : command('push', push),
    command('pop', ({ stack }) => void stack.pop()),
    command('look', () => undefined),
  ],
  invariants: { command: [], local: ['no update is lost'], whole: ['the stack is whole'] },
  setup: () => {
    const cells = new CellSpace();
    return { cells, cell: cells.claim('counter'), counter: 0, added: 0, stack: [], broken: false };
  },
  cellsOf: ({ cells }) => cells,
  checkLocal({ counter, added }, underWay) {
    if (underWay === 0 && counter !== added)
      throw new ModelViolation('no update is lost', `${counter} of ${added}`);
  },
  checkWhole({ broken }) {
    if (broken) throw new ModelViolation('the stack is whole', 'it broke');
  },
  describeState: ({ counter, stack }) => ({ counter, stack: stack.length }),
});

const WORLD: WorldOptions = { cpus: 2 };

test('a lost update is found where steps interleave, and only there; two commands remain, overlapping once', () => {
  const system = toy('race');
  const program = randomProgram(system, 1, 500, 2);
  expect(runExample(system, WORLD, { program, schedule: null }).failure).toBeNull();
  const failing = shrinkExample(system, WORLD, { program, schedule: 1 })!;
  expect(failing.failure.invariant).toBe('no update is lost');
  const { example } = failing;
  expect(example.program.map((op) => system.commands[op.command]!.name)).toEqual(['add', 'add']);
  expect(scheduleSwitches(example.schedule as number[])).toBe(2);
  // It is replayed from the saved schedule, step by step.
  const again = runExample(system, WORLD, example);
  expect(again.failure!.error.message).toBe(failing.failure.error.message);
  expect(again.leftAt).toBe(-1);
  const { result } = recordRun(system, WORLD, example);
  expect(result.changes.flat()).toEqual(['counter: 0 -> 1']);
});

test('what only a look at whole structures finds is shrunk to the command that does it', () => {
  const system = toy('stack');
  const program = randomProgram(system, 3, 2000, 2);
  const counts = newCounts(system);
  const { failure } = runExample(system, WORLD, { program, schedule: null }, { counts });
  expect(failure!.invariant).toBe('the stack is whole');
  const failing = shrinkExample(system, WORLD, { program, schedule: null })!;
  expect(failing.example.program.map((op) => system.commands[op.command]!.name)).toEqual(
    Array(7).fill('push'),
  );
  expect(failing.failure.commands).toBe(7);
});

test.each([null, 1])(
  'a command that breaks a run off has run, and so have those in their middle: schedule %o',
  (schedule) => {
    const system: Subsystem<Toy> = { ...toy('race'), commands: [command('add', always, addThenThrow)] };
    const counts = newCounts(system);
    const program = randomProgram(system, 1, 50, 2);
    expect(runExample(system, WORLD, { program, schedule }, { counts }).failure).not.toBeNull();
    const [{ enabled, ran }] = counts.byCommand as [CommandCount];
    expect(ran).toBe(enabled);
    expect(ran).toBeGreaterThan(0);
  },
);

test('runs of a search are numbered from 1, and one that is said to be endless is not made and breaks nothing', () => {
  const system = toy('stack');
  const program = randomProgram(system, 3, 2000, 2);
  const made: number[] = [];
  const failing = shrinkExample(
    system,
    WORLD,
    { program, schedule: null },
    { isEndless: (run) => run === 4 || run > 9, onRun: (run) => made.push(run) },
  )!;
  expect(made).toEqual([1, 2, 3, 5, 6, 7, 8, 9]);
  expect(failing.failure.invariant).toBe('the stack is whole');
  expect(failing.example.program.length).toBeLessThan(program.length);
});

/** What is done to a sound page allocator, and the invariant that must not stand it. */
const SABOTAGE: ReadonlyArray<readonly [string, (world: BuddyWorld) => void]> = [
  [
    'free + per-cpu + held pages = managed',
    ({ machine }) => (machine.pages.zoneState[machine.zones.zonelist[0]! * ZONE_WORDS + ZoneWord.free]! -= 1),
  ],
  [
    'free + per-cpu + held pages = managed',
    ({ machine, model }) => (model.held[machine.zones.zonelist[0]!]! += 1),
  ],
  [
    'counters stay within what they can be',
    ({ machine }) =>
      (machine.pages.pcpState[pcpAt(0, machine.zones.zonelist[0]!) + PcpWord.freeDiff] = 10_000),
  ],
  [
    'counters stay within what they can be',
    ({ machine }) => (machine.pages.pcpState[pcpAt(1, machine.zones.zonelist[0]!) + PcpWord.count] = -1),
  ],
];

test.each(SABOTAGE)('%s: broken, it is named', (invariant, sabotage) => {
  const world = buddyWorld(WORLD);
  checkBuddyWhole(world);
  sabotage(world);
  expect(() => checkBuddyLocal(world, 0)).toThrow(new RegExp(`^${invariant.replaceAll('+', '\\+')}`, 'u'));
});

const ARM64: WorldOptions = { preset: 'arm64-2018', cpus: 2, series: 'none', hardenedFreelist: 7 };

test('a saved counterexample replays as recorded, survives JSON, and says where changed code leaves its path', () => {
  const slub = SUBSYSTEMS.get('slub')!;
  const program = randomProgram(slub, 1, 1000, 2);
  const failing = shrinkExample(slub, ARM64, { program, schedule: 1 })!;
  const found = { seed: 1, mode: 'interleaved', commands: 1000, commit: 'test' } as const;
  const saved = JSON.parse(JSON.stringify(counterexampleOf(slub, ARM64, failing, found))) as object;
  const counterexample = parseCounterexample(saved, 'saved');
  const replay = replayCounterexample(counterexample);
  expect(replay.run.failure!.error.message).toBe(counterexample.failure);
  expect(replay.left).toBeNull();
  expect(replay.nondeterministic).toBeNull();
  const other = counterexample.steps.with(1, '0 read something else');
  expect(replayCounterexample({ ...counterexample, steps: other }).left).toMatchObject({
    step: 1,
    recorded: '0 read something else',
  });
  // Commands that are gone from the program leave the rest to be played as near as it can.
  const shorter = { ...counterexample, program: counterexample.program.slice(0, 1), schedule: null };
  expect(replayCounterexample(shorter).run.failure).toBeNull();
});

test('every invariant that the sources name is one that its subsystem lists', () => {
  const src = fileURLToPath(new URL('..', import.meta.url));
  const listed = [...SUBSYSTEMS.values()].flatMap(({ invariants }) => Object.values(invariants).flat());
  const files = ['buddy', 'caches', 'sysfs', 'v7s', 'zones', 'stepped'].flatMap((folder) =>
    readdirSync(`${src}${folder}`)
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => readFileSync(`${src}${folder}/${name}`, 'utf8')),
  );
  const named = files.flatMap((text) =>
    [...text.matchAll(/new ModelViolation\(\s*(?:'([^']+)'|"([^"]+)"|`([^`$]+))/gu)].map(
      ([, single, double, template]) => (single ?? double ?? template)!.trim(),
    ),
  );
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((name) => !listed.includes(name))).toEqual([]);
});

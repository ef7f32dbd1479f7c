import * as model from '@mm/model';
import * as withFastCheck from '@mm/model/fast-check';

import { HOT, type Rows } from './row.js';
import { tryWrongValues } from './try-wrong-values.js';

const { buddySubsystem, newCounts, randomProgram } = model;

const OPTIONS: model.WorldOptions = { preset: 'arm64-2018', cpus: 2 };
const PROGRAM = randomProgram(buddySubsystem, 1, 20, 2);
const EXAMPLE: model.Example = { program: PROGRAM, schedule: 1 };
const SLUB = model.subsystemOf('slub');
const FAILS = { preset: 'arm64-2018', cpus: 2, series: 'none' } as const;
/** The first program by seed that fails: which one it is changes with the commands there are. */
function firstFailing(): model.FailingExample {
  for (let seed = 1; seed <= 20; seed++) {
    const program = randomProgram(SLUB, seed, 1000, 2);
    const failing = model.shrinkExample(SLUB, FAILS, { program, schedule: seed });
    if (failing !== null) return failing;
  }
  throw new Error('no program of 20 fails where the series is missing');
}
const FAILING = firstFailing();
const FOUND = { seed: 2, mode: 'sequence', commands: 1000, commit: 'test' } as const;
const SAVED = model.counterexampleOf(SLUB, FAILS, FAILING, FOUND);

const makeWorld = () => ({ counts: newCounts(buddySubsystem), other: newCounts(buddySubsystem) });
type World = ReturnType<typeof makeWorld>;

const none = ['undefined'];
const ofOptions = { preset: none, cpus: none, series: none, strict: ['undefined', 'true'] };
const ofProgram = { program: ['[]'], schedule: ['null', '-1', '[]'] };
const ofCounts = { runs: [], commands: [], transitions: [], checks: [], byCommand: [] };
const seed = ['-1', '2^53'];

const MODEL =
  'a model beside the allocator, told by commands after each operation what was answered; what contradicts it is a ModelViolation';
const WORLD = 'looks at a world that a subsystem has set up, after each of millions of commands';
const RENEWAL = 'hands on worlds of one subsystem between runs; Worlds are made by who runs them';

const models: Rows<World> = {
  'CacheWalks.of': WORLD,
  'new CacheWalks': WORLD,
  'ObjectModel.allocated': MODEL,
  'ObjectModel.kept': MODEL,
  'ObjectModel.release': MODEL,
  'ObjectModel.releaseAll': MODEL,
  'new PageModel': MODEL,
  'PageModel.allocated': MODEL,
  'PageModel.keep': MODEL,
  'PageModel.release': MODEL,
  'new SizingModel': MODEL,
  'SizingModel.agrees': MODEL,
  'SizingModel.differences': MODEL,
  'SizingModel.write': MODEL,
  highestZone: MODEL,
  checkBuddyLocal: WORLD,
  checkBuddyWhole: WORLD,
  'new Worlds': RENEWAL,
  'Worlds.take': RENEWAL,
  'Worlds.giveBack': RENEWAL,
  'new ModelViolation': HOT.error,
  brokenInvariant: HOT.error,
  walk: 'by the rules of ARM alone, over whatever words it is shown, for each page of each command',
};

const worlds: Rows<World> = {
  buddyWorld: { args: () => [OPTIONS, 'slub'], accepts: { 0: ['{}'], 1: none }, fields: { 0: ofOptions } },
  cacheWorld: { args: () => [OPTIONS, 'slub'], accepts: { 0: ['{}'] }, fields: { 0: ofOptions } },
  sysfsWorld: { args: () => [OPTIONS], accepts: { 0: ['{}'] }, fields: { 0: ofOptions } },
  v7sWorld: {
    args: () => [OPTIONS],
    accepts: { 0: ['{}'] },
    fields: { 0: { ...ofOptions, behaviour: none, tables: none, shape: none } },
  },
};

const runs: Rows<World> = {
  randomProgram: { args: () => [buddySubsystem, 1, 20, 2], accepts: { 1: seed } },
  // What its values may be is checked where the world is made.
  worldOf: {
    args: () => [buddySubsystem, OPTIONS, 1],
    accepts: { 1: ['{}'], 2: ['-1'] },
    fields: { 1: { cpus: none, preset: ['undefined', "''", "'x'"], strict: ['undefined', 'true'] } },
  },
  newCounts: { args: () => [buddySubsystem] },
  addCounts: { args: ({ counts, other }) => [counts, other], fields: { 0: ofCounts, 1: ofCounts } },
  runExample: {
    args: () => [buddySubsystem, OPTIONS, EXAMPLE, {}],
    accepts: { 3: ['undefined', '{}'] },
    fields: { 1: { preset: none, series: none }, 2: ofProgram },
  },
  runSequence: {
    args: ({ counts }) => [buddySubsystem, OPTIONS, PROGRAM, counts, {}],
    accepts: { 2: ['[]'], 4: ['undefined', '{}'] },
    fields: { 3: ofCounts },
  },
  runInterleaved: {
    args: ({ counts }) => [buddySubsystem, OPTIONS, PROGRAM, counts, { schedule: 1 }],
    accepts: { 2: ['[]'] },
    fields: { 3: ofCounts, 4: { schedule: ['-1', '[]'] } },
  },
  recordRun: {
    args: () => [buddySubsystem, OPTIONS, EXAMPLE],
    fields: { 1: { preset: none, series: none }, 2: ofProgram },
  },
  shrinkProgram: {
    args: () => [PROGRAM, () => false, 10],
    accepts: { 0: ['[]'], 1: ['function'], 2: none },
  },
  shrinkExample: {
    args: () => [buddySubsystem, OPTIONS, EXAMPLE, {}],
    accepts: { 3: ['undefined', '{}'] },
    fields: { 2: ofProgram, 3: { runsMax: none } },
  },
};

const saved: Rows<World> = {
  counterexampleOf: {
    args: () => [SLUB, FAILS, FAILING, FOUND],
    accepts: { 1: ['{}'] },
    fields: { 2: { example: [], failure: [] } },
  },
  exampleOf: { args: () => [SLUB, SAVED], fields: { 1: { program: ['[]'] } } },
  parseCounterexample: {
    args: () => [SAVED, 'found'],
    accepts: { 1: ["''", "'x'"] },
    fields: {
      0: {
        format: [],
        system: [],
        options: ['{}'],
        found: [],
        invariant: ["''", "'x'"],
        failure: ["''", "'x'"],
        program: ['[]'],
        schedule: ['null', '[]'],
        steps: ['[]'],
      },
    },
  },
  replayCounterexample: {
    args: () => [SAVED],
    fields: {
      0: {
        system: [],
        options: ['{}'],
        program: ['[]'],
        schedule: ['null', '-1', '[]'],
        steps: ['[]', '[null]'],
      },
    },
  },
  subsystemOf: { args: () => ['slub', 'system'], accepts: { 1: ['undefined', "''", "'x'"] } },
  scenarioNamed: { args: () => ['slub-free-flush'], accepts: { 0: ["''", "'x'"] } },
};

tryWrongValues<World>('@mm/model', {
  face: model,
  makeWorld,
  stateOf: ({ counts, other }) => [counts, other],
  rows: { ...models, ...worlds, ...runs, ...saved },
});

tryWrongValues<World>('@mm/model/fast-check', {
  face: withFastCheck,
  makeWorld,
  stateOf: (world) => world,
  rows: {
    programsOf: {
      args: () => [buddySubsystem, { cpus: 2, commandsMax: 3 }],
      accepts: { 1: ['undefined', '{}'] },
      fields: { 1: { cpus: none, commandsMax: none } },
    },
    subsystemHolds: {
      args: () => [buddySubsystem, { preset: 'arm64-2018', cpus: 2, commandsMax: 3 }],
      accepts: { 1: ['undefined', '{}'] },
      fields: { 1: { cpus: none, commandsMax: none } },
    },
  },
});

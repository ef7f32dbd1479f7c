import * as interleave from '@mm/interleave';
import * as withFastCheck from '@mm/interleave/fast-check';
import * as withVitest from '@mm/interleave/vitest';
import { CellSpace, Context, type Steps, lock, read, unlock, write } from '@mm/steps';

import { constant } from 'fast-check';

import { HOT, type Row, type Rows } from './row.js';
import { tryWrongValues } from './try-wrong-values.js';

const { History, Interleaver, Random, ReplayScheduler, SeededScheduler } = interleave;

/** Two tasks that lose an update, under a lock that one of them forgets. */
function makeScenario() {
  const cells = new CellSpace();
  const counter = cells.claim('counter');
  const mutual = cells.claim('lock');
  const state = { n: 0 };
  function* add(locked: boolean): Steps<number> {
    if (locked) yield lock(mutual);
    yield read(counter);
    const seen = state.n;
    yield write(counter);
    state.n = seen + 1;
    if (locked) yield unlock(mutual);
    return seen;
  }
  const make = (): interleave.ScenarioRun => {
    state.n = 0;
    return {
      cells,
      tasks: [0, 1].map((cpu) => ({ ctx: new Context(cpu), steps: add(cpu === 0) })),
      check: () => {
        if (state.n !== 2) throw new Error(`counted ${state.n} of 2`);
      },
      always: () => {},
      alwaysCells: [counter],
      sometimes: { two: () => state.n === 2 },
      unsynchronised: [],
      footprint: { roots: { state } },
      state: () => ({ n: state.n }),
    };
  };
  return { cells, state, add, scenario: { cpus: 2, make } };
}

const found = interleave.explore(makeScenario().scenario).failure!;
const saved = interleave.saveCounterexample(found, { scenario: 'lost update' });

function makeWorld() {
  const parts = makeScenario();
  const history = new History<string, number>(interleave.claimHistory(parts.cells, 2));
  const called = history.call(0, 'get');
  const machine = new Interleaver({ cpus: 2, scheduler: new SeededScheduler(1), cells: parts.cells });
  const ctx = machine.takeContext(0);
  machine.start(ctx, parts.add(false));
  const program = { cpus: 2, make: () => parts.scenario.make() };
  return { ...parts, history, called, machine, ctx, program, random: new Random(1) };
}
type World = ReturnType<typeof makeWorld>;

const stateOf = ({ cells, history, machine, random }: World): unknown => [
  cells.end,
  history.calls.length,
  history.calls.map(({ answeredAt }) => answeredAt),
  machine.liveCount,
  machine.steps,
  machine.enabled(),
  { ...random },
];

const model: interleave.SequentialModel<number, string, number> = {
  initial: () => 0,
  apply: (state, _input, output) => (state === output ? state + 1 : undefined),
};
const none = ['undefined'];
const text = ["''", "'x'"];
const options = ['undefined', '{}'];
const call = (called: string, args: Row<World>['args'], rest: Partial<Row<World>> = {}): Row<World> => ({
  args,
  call: ({ machine }, given) =>
    (machine[called as 'run'] as (...all: never[]) => unknown).call(machine, ...given),
  ...rest,
});
/** Fields of a recorded run that are looked at. */
const ofResult = {
  trace: ['[]'],
  names: ['[]'],
  schedule: ['[]'],
  changes: ['[]'],
  outcome: [],
  cells: none,
};
const ofScenario = { cpus: [], make: [] };
const ofRun = {
  tasks: ['[]'],
  cells: none,
  check: ['undefined', 'function'],
  always: ['undefined', 'function'],
  alwaysCells: ['undefined', '[]', '[null]'],
  sometimes: ['undefined', '{}'],
  unsynchronised: ['undefined', '[]', '[null]'],
  footprint: none,
  state: ['undefined', 'function'],
};
const count = none;
const ofExplore = {
  strategy: ['undefined', '[]'],
  preemptions: count,
  moves: count,
  runsMax: count,
  milliseconds: ['undefined', '1.5', '2^53'],
  stepsMax: count,
  resume: none,
  onProgress: ['undefined', 'function'],
  footprints: ['undefined', 'true'],
  shrinkRunsMax: count,
};
const MONITOR =
  'called for each step of a run by what made the run, with what it made; `monitorsFor` checks what is watched';
const SCHEDULER = 'asked before each step of a run, by the interleaver itself, which it is given';
const monitor = (name: string): Record<string, string> => ({
  [`${name}.begin`]: MONITOR,
  [`${name}.onStep`]: MONITOR,
});

const calls: Rows<World> = {
  choiceOf: HOT.access,
  choiceCpu: HOT.access,
  choiceTask: HOT.access,
  'new ScheduleError': HOT.error,
  'new InvariantError': HOT.error,
  'new LinearizabilityError': HOT.error,
  ...monitor('LockOrderMonitor'),
  ...monitor('DataRaceMonitor'),
  ...monitor('FootprintMonitor'),
  'AlwaysMonitor.begin': MONITOR,
  'SometimesMonitor.begin': MONITOR,
  'FootprintMonitor.beforeStep': MONITOR,
  'SeededScheduler.choose': SCHEDULER,
  'PctScheduler.choose': SCHEDULER,
  'ReplayScheduler.choose': SCHEDULER,
  'Random.below': 'drawn twice for each step; says that it does not check',
  'Interleaver.repeat': 'what an explorer does 20 million times a second; says that it does not check',
};

const machines: Rows<World> = {
  'new Interleaver': {
    args: () => [{ cpus: 2, scheduler: new SeededScheduler(1) }],
    fields: { 0: { cpus: [], scheduler: [], cells: none, keepNumbers: ['undefined', 'true'] } },
  },
  'Interleaver.takeContext': call('takeContext', () => [0]),
  'Interleaver.start': call('start', ({ add }) => [new Context(0), add(false), 1, false], {
    accepts: { 2: ['undefined', '-1'], 3: ['undefined', 'true'] },
  }),
  'Interleaver.startInterrupt': call('startInterrupt', ({ add }) => [new Context(0), add(false), 1], {
    accepts: { 2: ['undefined', '-1'] },
  }),
  'Interleaver.takeOffline': call('takeOffline', () => [1]),
  'Interleaver.bringOnline': call('bringOnline', () => [1]),
  'Interleaver.run': call('run', () => [100], { accepts: { 0: none } }),
  'Interleaver.step': call('step', () => [0]),
  'new Random': { args: () => [1], accepts: { 0: ['-1', '2^53'] } },
  'Random.reseed': {
    args: () => [1],
    call: ({ random }, [seed]) => random.reseed(seed!),
    accepts: { 0: ['-1', '2^53'] },
  },
  'new SeededScheduler': {
    args: () => [1, {}],
    accepts: { 0: ['-1', '2^53'], 1: options },
    fields: { 1: { switchChance: none, moveChance: none, movesMax: none } },
  },
  'SeededScheduler.reseed': {
    args: () => [1],
    call: (_, [seed]) => new SeededScheduler(1).reseed(seed!),
    accepts: { 0: ['-1', '2^53'] },
  },
  'new PctScheduler': {
    args: () => [1, { steps: 10 }],
    accepts: { 0: ['-1', '2^53'] },
    fields: { 1: { depth: none, steps: [], moves: none } },
  },
  pctGuarantee: {
    args: () => [{ depth: 2, tasks: 2, steps: 20, runs: 100 }],
    fields: { 0: { depth: [], tasks: [], steps: [], runs: [] } },
  },
  'new ReplayScheduler': { args: () => [[0, 1]], accepts: { 0: ['[]'] } },
  checkSchedule: { args: () => [[0, 1]], accepts: { 0: ['[]'] } },
  scheduleSteps: { args: () => [[0, 1]], accepts: { 0: ['[]'] } },
  scheduleSwitches: { args: () => [[0, 1]], accepts: { 0: ['[]'] } },
};

const runs: Rows<World> = {
  runSchedule: {
    args: ({ scenario }) => [scenario, new ReplayScheduler([]), {}],
    accepts: { 2: options },
    fields: {
      0: ofScenario,
      2: {
        stepsMax: none,
        expectTrace: ['undefined', '[]', '[null]'],
        monitors: ['undefined', '[]'],
        recordState: ['undefined', 'true'],
      },
    },
  },
  explore: {
    args: ({ scenario }) => [scenario, { runsMax: 3 }],
    accepts: { 1: options },
    fields: { 0: ofScenario, 1: ofExplore },
  },
  monitorsFor: {
    args: ({ scenario }) => [scenario.make(), false],
    accepts: { 1: ['undefined', 'true'] },
    fields: { 0: ofRun },
  },
  shrinkSchedule: {
    args: ({ scenario }) => [scenario, found, {}],
    accepts: { 2: options },
    fields: {
      0: ofScenario,
      1: { outcome: [], schedule: ['[]'] },
      2: { runsMax: none, isSame: ['undefined', 'function'], stepsMax: none },
    },
  },
  shrinkReplay: {
    args: () => [found, () => found, {}],
    accepts: { 2: options },
    fields: { 0: { outcome: [], schedule: ['[]'] }, 2: { runsMax: none, isSame: ['undefined', 'function'] } },
  },
  scenarioOfProgram: {
    args: ({ program }) => [program, []],
    accepts: { 1: ['[]', '[null]'] },
    fields: { 0: { cpus: [], make: ['function'], simpler: ['undefined', 'function'] } },
  },
  shrinkProgramRun: {
    args: ({ program }) => [program, [], found, {}],
    accepts: { 1: ['[]', '[null]'], 3: options },
    fields: {
      0: { cpus: [], make: [], simpler: ['undefined', 'function'] },
      2: ofResult,
      3: { runsMax: none, stepsMax: none, isSame: ['undefined', 'function'] },
    },
  },
  shrinkOperations: {
    args: () => [[3, 1, 4], () => false, {}],
    accepts: { 0: ['[]', '[null]'], 1: ['function'], 2: options },
    fields: { 2: { triesMax: none, simpler: none } },
  },
  simplerIntegers: {
    args: () => [100, 8, 54],
    call: (_, [value, smallest, failed]) => [...interleave.simplerIntegers(value!, smallest, failed)],
    accepts: { 0: ['-1'], 1: ['undefined', '-1'], 2: ['undefined', '-1'] },
  },
};

const shown: Rows<World> = {
  formatTrace: { args: () => [found], fields: { 0: ofResult } },
  traceJson: { args: () => [found], fields: { 0: ofResult } },
  perfettoTrace: { args: () => [found], fields: { 0: ofResult } },
  shivizLog: {
    args: () => [found, {}],
    accepts: { 1: options },
    fields: { 0: ofResult, 1: { hosts: none } },
  },
  traceHtml: {
    args: () => [found, {}],
    accepts: { 1: options },
    fields: { 0: ofResult, 1: { title: ['undefined', ...text] } },
  },
  saveCounterexample: {
    args: () => [found, { scenario: 'x' }],
    fields: {
      0: ofResult,
      1: { scenario: text, operations: ['undefined', '[]', '[null]'], stepsMax: none },
    },
  },
  parseCounterexample: { args: () => [JSON.stringify(saved)] },
  replayCounterexample: {
    args: ({ scenario }) => [scenario, saved],
    fields: {
      0: ofScenario,
      1: {
        format: [],
        version: [],
        scenario: text,
        outcome: [],
        schedule: ['[]'],
        accesses: ['[]'],
        stepsMax: [],
        operations: ['undefined', '[]', '[null]'],
      },
    },
  },
};

const histories: Rows<World> = {
  claimHistory: { args: ({ cells }) => [cells, 2] },
  'new History': {
    args: ({ cells }) => [interleave.claimHistory(cells, 2)],
    fields: { 0: { clients: [], called: [], answered: [] } },
  },
  'History.record': {
    args: ({ add }) => [1, 'get', add(false)],
    call: ({ history }, [client, input, operation]) => history.record(client!, input!, operation!),
    accepts: { 1: 'any' },
  },
  'History.call': {
    args: () => [1, 'get'],
    call: ({ history }, [client, input]) => history.call(client!, input!),
    accepts: { 1: 'any' },
  },
  'History.answer': {
    args: ({ called }) => [called, 7],
    call: ({ history }, [made, output]) => history.answer(made!, output!),
    accepts: { 1: 'any' },
  },
  checkLinearizable: {
    args: ({ history }) => [history.calls, model],
    accepts: { 0: ['[]'] },
    fields: {
      1: {
        initial: ['function'],
        apply: ['function'],
        applyUnanswered: ['undefined', 'function'],
        keyOf: ['undefined', 'function'],
        partOf: ['undefined', 'function'],
      },
    },
  },
  expectLinearizable: { args: ({ history }) => [history.calls, model], accepts: { 0: ['[]'] } },
  'LockOrderMonitor.restore': {
    args: () => [[[1, 2]]],
    call: (_, [edges]) => new interleave.LockOrderMonitor().restore(edges!),
    accepts: { 0: ['[]'] },
  },
};

tryWrongValues<World>('@mm/interleave', {
  face: interleave,
  makeWorld,
  stateOf,
  rows: { ...calls, ...machines, ...runs, ...shown, ...histories },
});

// A search to go on with is looked at when there is a program.
const { resume: _, ...exploreAtOnce } = ofExplore;
tryWrongValues<World>('@mm/interleave/fast-check', {
  face: withFastCheck,
  makeWorld,
  stateOf,
  rows: {
    'new ProgramError': HOT.error,
    programsHold: {
      args: ({ program }) => [program, constant('add'), { operationsMax: 3 }],
      accepts: { 2: options },
      fields: {
        0: { cpus: [], make: ['function'], simpler: ['undefined', 'function'] },
        2: { operationsMax: none, ...exploreAtOnce },
      },
    },
  },
});

/** The same tasks, of which nothing is expected. */
const holding = (scenario: interleave.Scenario): interleave.Scenario => ({
  ...scenario,
  make: () => ({ ...scenario.make(), check: () => undefined, sometimes: {} }),
});

tryWrongValues<World>('@mm/interleave/vitest', {
  face: withVitest,
  makeWorld,
  stateOf,
  rows: {
    explore: {
      args: ({ scenario }) => [holding(scenario), { runsMax: 1000 }],
      accepts: { 1: options },
      fields: { 0: ofScenario, 1: { ...ofExplore, complete: ['undefined', 'true'] } },
    },
  },
});

import {
  type Subsystem,
  Worlds,
  newCounts,
  randomProgram,
  runExample,
  subsystemOf,
  worldOf,
} from '@mm/model';

import type { BenchCase, BenchSuite } from './suite.js';

/** Commands of a run and CPUs of its machine: what `mm-check run` does unless told otherwise. */
const COMMANDS = 1000;
const CPUS = 3;

/** Runs of one kind, a seed after the other, as `mm-check run` makes them on one core. */
function runs<W>(system: Subsystem<W>, interleaved: boolean): (n: number) => number {
  const counts = newCounts(system);
  const worlds = new Worlds(system);
  let seed = 0;
  return (n) => {
    // The clock of a case counts in thousands, so that runs are whole.
    for (let left = n; left > 0; left -= COMMANDS) {
      seed++;
      const program = randomProgram(system, seed, COMMANDS, CPUS);
      const world = worldOf(system, { cpus: CPUS, corrupt: false }, seed);
      const { failure } = runExample(
        system,
        world,
        { program, schedule: interleaved ? seed : null },
        { counts, worlds },
      );
      if (failure !== null) throw new Error(`${system.name}, seed ${seed}: ${failure.invariant}`);
    }
    return counts.commands;
  };
}

/** Nanoseconds of a command that are hoped for at most: 500,000 a second erased, 100,000 at steps. */
const GOALS = { erased: 2000, interleaved: 10_000 } as const;

const cases = ['zones', 'buddy', 'slub', 'slab', 'v7s', 'sysfs'].flatMap((name): BenchCase[] =>
  (['erased', 'interleaved'] as const).map((form) => ({
    name: `${name}, ${form}`,
    prepare: () => runs(subsystemOf(name), form === 'interleaved'),
    ...(name === 'zones' || name === 'buddy' ? { goal: GOALS[form] } : {}),
  })),
);

const suite: BenchSuite = {
  operation: `a command of a run of ${COMMANDS} on ${CPUS} CPUs, its world and every check included`,
  cases,
};
export default suite;

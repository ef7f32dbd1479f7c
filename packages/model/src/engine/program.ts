import { CPUS_MAX, Random } from '@mm/interleave';
import { checkInteger } from '@mm/printk';

import { FAULT_OPTIONS, type FaultOption, type Op, type Subsystem, type WorldOptions } from '../subsystem.js';
import { checkSeed, checkSubsystem } from './check-arguments.js';
import { checkWorldOptions } from './check-world-options.js';

/** By a subsystem's commands: the number of each, as often as its weight says. */
const LADDERS = new WeakMap<object, readonly number[]>();

function ladderOf(commands: readonly { readonly weight: number }[]): readonly number[] {
  let ladder = LADDERS.get(commands);
  if (ladder === undefined) {
    ladder = commands.flatMap(({ weight }, command) => Array<number>(weight).fill(command));
    LADDERS.set(commands, ladder);
  }
  return ladder;
}

/**
 * A random program: commands by their weights, arguments and CPUs evenly. The same seed gives the same program.
 *
 * @example
 * randomProgram(buddySubsystem, 42, 1000, 2);
 */
export function randomProgram<W>(subsystem: Subsystem<W>, seed: number, length: number, cpus: number): Op[] {
  checkSubsystem(subsystem);
  checkInteger('length', length, 0, 2 ** 24);
  checkInteger('cpus', cpus, 1, CPUS_MAX);
  const random = new Random(seed);
  const ladder = ladderOf(subsystem.commands);
  return Array.from({ length }, () => ({
    command: ladder[random.below(ladder.length)]!,
    cpu: random.below(cpus),
    a: random.next() >>> 2,
    b: random.next() >>> 2,
  }));
}

/** Options without the faults that a subsystem has no use for. */
function ownOptions<W>({ faults }: Subsystem<W>, options: WorldOptions): WorldOptions {
  const own = faults?.(options) ?? [];
  const others = FAULT_OPTIONS.filter((name) => options[name] !== undefined && !own.includes(name));
  if (others.length === 0) return options;
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !others.includes(name as FaultOption)),
  );
}

/**
 * The world that a program of that seed runs in: what was asked for of what the subsystem has a use for, and what the seed chooses of
 * the rest.
 *
 * @example
 * worldOf(v7sSubsystem, { preset: 'arm64-2018' }, 42).shape; // 5
 */
export function worldOf<W>(subsystem: Subsystem<W>, options: WorldOptions, seed: number): WorldOptions {
  checkSubsystem(subsystem);
  checkWorldOptions(options, 'options');
  checkSeed('seed', seed);
  const own = ownOptions(subsystem, options);
  return subsystem.vary?.(own, seed) ?? own;
}

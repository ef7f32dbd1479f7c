import {
  type Arbitrary,
  type IPropertyWithHooks,
  array,
  constant,
  integer,
  nat,
  oneof,
  option,
  property,
  record,
} from 'fast-check';
import { OptionError, checkObject } from '@mm/printk';

import { checkSubsystem } from './engine/check-arguments.js';
import { checkWorldOptions } from './engine/check-world-options.js';
import { newCounts } from './engine/counts.js';
import { runInterleaved } from './engine/run-interleaved.js';
import { runSequence } from './engine/run-sequence.js';
import type { Op, Subsystem, WorldOptions } from './subsystem.js';

/** Arguments of a command are 0..2^30-1. */
const ARGUMENT_MAX = 2 ** 30 - 1;
const COMMANDS_MAX = 1_000_000;

/** How programs are drawn. */
export interface ProgramOptions {
  /** CPUs that commands are given to, 1..64. Default 1. */
  readonly cpus?: number;
  /** Commands of the longest program, 1..1000000. Default 200. */
  readonly commandsMax?: number;
}

/** How programs are drawn, and on which machine they run. */
export interface SubsystemPropertyOptions extends ProgramOptions, Omit<WorldOptions, 'cpus'> {}

function inRange(field: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new OptionError(field, `an integer of 1 to ${max}`, value);
}

/**
 * Programs of a subsystem, as fast-check draws and shrinks them: commands by their weights, arguments and CPUs evenly.
 * Lengths are spread up to `commandsMax`; at its default size fast-check would make about four commands.
 *
 * @throws OptionError for what is no subsystem, and when an option is none, or out of its range.
 * @example
 * import { sample } from 'fast-check';
 * sample(programsOf(buddySubsystem, { cpus: 2, commandsMax: 50 }), 1);
 */
export function programsOf<W>(subsystem: Subsystem<W>, options: ProgramOptions = {}): Arbitrary<Op[]> {
  checkSubsystem(subsystem);
  checkObject('options', options, 'an object');
  for (const name of Object.keys(options))
    if (name !== 'cpus' && name !== 'commandsMax')
      throw new OptionError(`options.${name}`, 'one of cpus, commandsMax', name);
  const { cpus = 1, commandsMax = 200 } = options;
  inRange('cpus', cpus, 64);
  inRange('commandsMax', commandsMax, COMMANDS_MAX);
  const command = oneof(
    ...subsystem.commands.map(({ weight }, index) => ({ weight, arbitrary: constant(index) })),
  );
  const operation = record({
    command,
    cpu: nat({ max: cpus - 1 }),
    a: nat({ max: ARGUMENT_MAX }),
    b: nat({ max: ARGUMENT_MAX }),
  });
  return array(operation, { maxLength: commandsMax, size: 'max' });
}

/**
 * A property for `fc.assert`: the subsystem does as its reference model says in every program, half of them one command
 * after the other, half of them interleaved by a drawn seed.
 *
 * @throws OptionError for what is no subsystem, and when an option is none, or out of its range.
 * @example
 * import { assert } from 'fast-check';
 * assert(subsystemHolds(slubSubsystem, { preset: 'arm64-2018', cpus: 2 }), { numRuns: 20 });
 */
export function subsystemHolds<W>(
  subsystem: Subsystem<W>,
  options: SubsystemPropertyOptions = {},
): IPropertyWithHooks<[Op[], number | null]> {
  checkSubsystem(subsystem);
  const { commandsMax, ...world } = checkObject('options', options, 'an object') as SubsystemPropertyOptions;
  checkWorldOptions(world, 'options');
  const programs = programsOf(subsystem, {
    ...(world.cpus === undefined ? {} : { cpus: world.cpus }),
    ...(commandsMax === undefined ? {} : { commandsMax }),
  });
  const schedules = option(integer({ min: 0, max: ARGUMENT_MAX }), { freq: 1 });
  return property(programs, schedules, (program, schedule) => {
    const counts = newCounts(subsystem);
    const failure =
      schedule === null
        ? runSequence(subsystem, world, program, counts)
        : runInterleaved(subsystem, world, program, counts, { schedule }).failure;
    if (failure !== null) throw failure.error;
  });
}

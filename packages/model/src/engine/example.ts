import type { Schedule } from '@mm/interleave';
import { checkObject } from '@mm/printk';

import type { Op, Subsystem, WorldOptions } from '../subsystem.js';
import { checkExample } from './check-arguments.js';
import { type Counts, newCounts } from './counts.js';
import type { Failure } from './failure.js';
import { runInterleaved } from './run-interleaved.js';
import { runSequence } from './run-sequence.js';
import type { RunExtras } from './run-watch.js';

/** A program and how it is scheduled: all that a run depends on beside the world's options. */
export interface Example {
  readonly program: readonly Op[];
  /** `null`: one command after the other at full speed. A number: the seed of a scheduler. */
  readonly schedule: Schedule | number | null;
}

/** A run of an example. */
export interface ExampleRun {
  readonly failure: Failure | null;
  /** What was run, exactly: a seed's schedule is written out when that was asked for. */
  readonly example: Example;
  /** The first step at which a given schedule could not be followed, or -1. */
  readonly leftAt: number;
}

/**
 * Runs a program as it is scheduled.
 * @example
 * const program = randomProgram(buddySubsystem, 1, 1000, 2);
 * runExample(buddySubsystem, { cpus: 2 }, { program, schedule: 1 }).failure; // null
 */
export function runExample<W>(
  subsystem: Subsystem<W>,
  options: WorldOptions,
  example: Example,
  extras: RunExtras<W> & { readonly counts?: Counts; readonly record?: boolean } = {},
): ExampleRun {
  checkExample(example);
  checkObject('extras', extras, 'an object');
  const { program, schedule } = example;
  const { counts = newCounts(subsystem), record, ...rest } = extras;
  if (schedule === null)
    return {
      failure: runSequence(subsystem, options, program, counts, rest),
      example,
      leftAt: -1,
    };
  const run = runInterleaved(subsystem, options, program, counts, {
    ...rest,
    schedule,
    record,
  });
  return {
    failure: run.failure,
    example: record === true ? { program, schedule: run.schedule } : example,
    leftAt: run.leftAt,
  };
}

import type { Schedule } from '@mm/interleave';
import { OptionError, checkArray, checkInstance, checkObject, checkText } from '@mm/printk';

import type { Op, Subsystem, WorldOptions } from '../subsystem.js';
import { subsystemOf } from '../subsystems.js';
import { checkSeed, checkSubsystem } from './check-arguments.js';
import type { Example } from './example.js';
import { type RecordedRun, recordRun } from './record-run.js';
import type { FailingExample } from './shrink-example.js';

/** The version of what is written. */
export const COUNTEREXAMPLE_FORMAT = 'mm-counterexample/2';

/** An operation as it is kept: its command by name, so that new commands do not change what it means. */
export interface SavedOp extends Omit<Op, 'command'> {
  readonly command: string;
}

/** Where a counterexample came from. */
export interface FoundBy {
  readonly seed: number;
  readonly mode: 'sequence' | 'interleaved';
  /** Commands of the run before it was shrunk. */
  readonly commands: number;
  /** The state of the code, as `git describe` has it, or a version. */
  readonly commit: string;
  /** Runs that shrinking took. */
  readonly shrinkRuns: number;
}

/** A program and a schedule that break an invariant, as a value for a JSON file. */
export interface Counterexample {
  readonly format: typeof COUNTEREXAMPLE_FORMAT;
  readonly system: string;
  readonly options: WorldOptions;
  readonly found: FoundBy;
  readonly invariant: string;
  /** The message of the failure. */
  readonly failure: string;
  readonly program: readonly SavedOp[];
  /** Pairs of choice and count, a choice being operation × 64 + CPU; `null`: one command after the other. */
  readonly schedule: Schedule | null;
  /** What each step did, in words: to say where changed code leaves the recorded path. */
  readonly steps: readonly string[];
}

/**
 * A failing example as a counterexample: it is run once more, and its steps are written down.
 * @example
 * const failing = shrinkExample(buddySubsystem, options, example);
 * if (failing !== null) JSON.stringify(counterexampleOf(buddySubsystem, options, failing, found));
 */
export function counterexampleOf<W>(
  subsystem: Subsystem<W>,
  options: WorldOptions,
  failing: FailingExample,
  found: Omit<FoundBy, 'shrinkRuns'>,
): Counterexample {
  checkObject('failing', failing, 'a failing example, as shrinkExample() returns it');
  checkObject('found', found, 'an object with seed, mode, commands and commit');
  const { example, failure, runs } = failing;
  checkObject('failing.failure', failure, 'a failure');
  checkText('failing.failure.invariant', failure.invariant);
  checkInstance('failing.failure.error', failure.error, Error);
  checkSeed('found.seed', found.seed);
  checkText('found.commit', found.commit);
  const run = recordRun(subsystem, options, example);
  const { invariant, error } = run.failure ?? failure;
  return {
    format: COUNTEREXAMPLE_FORMAT,
    system: subsystem.name,
    options,
    found: { ...found, shrinkRuns: runs },
    invariant,
    failure: error.message,
    program: example.program.map(({ command, cpu, a, b }) => ({
      command: subsystem.commands[command]!.name,
      cpu,
      a,
      b,
    })),
    schedule: example.schedule === null ? null : run.result.schedule,
    steps: run.steps,
  };
}

/**
 * The example of a counterexample, for today's commands.
 * @throws OptionError when a command is not there any more; {@link parseCounterexample} checks that before.
 * @example
 * runExample(buddySubsystem, found.options, exampleOf(buddySubsystem, found)).failure;
 */
export function exampleOf<W>(
  subsystem: Subsystem<W>,
  found: Pick<Counterexample, 'program' | 'schedule'>,
): Example {
  checkSubsystem(subsystem);
  checkObject('found', found, 'a counterexample');
  const { program, schedule } = found;
  checkArray('program', program, 'operations');
  const names = subsystem.commands.map(({ name }) => name);
  return {
    program: program.map((op, i) => {
      const command = names.indexOf(checkObject(`program[${i}]`, op, 'an operation').command);
      if (command < 0)
        throw new OptionError(`program[${i}].command`, `a command of ${subsystem.name}`, op.command);
      return { ...op, command };
    }),
    schedule,
  };
}

/** What a replay came to. */
export interface Replay {
  readonly run: RecordedRun;
  /** The first step that is not as recorded, where there is one. */
  readonly left: PathLeft | null;
  /** Another replay of the same did something else: the first such step. */
  readonly nondeterministic: PathLeft | null;
}

/** Where two runs part. */
export interface PathLeft {
  readonly step: number;
  /** What was done; nothing when the run ended before. */
  readonly did: string | undefined;
  readonly recorded: string | undefined;
}

/**
 * Runs a counterexample again, exactly, and says where it leaves the recorded path if the code has changed. It is run
 * twice, to find code that is not deterministic.
 *
 * @example
 * replayCounterexample(parseCounterexample(JSON.parse(text), 'file')).run.failure;
 */
export function replayCounterexample(found: Counterexample): Replay {
  checkObject('found', found, 'a counterexample');
  checkArray('found.steps', found.steps, 'texts');
  const subsystem = subsystemOf(found.system);
  const example = exampleOf(subsystem, found);
  const run = recordRun(subsystem, found.options, example);
  const again = recordRun(subsystem, found.options, example);
  return { run, left: parting(run.steps, found.steps), nondeterministic: parting(again.steps, run.steps) };
}

function parting(did: readonly string[], recorded: readonly string[]): PathLeft | null {
  for (let step = 0; step < Math.max(did.length, recorded.length); step++)
    if (did[step] !== recorded[step]) return { step, did: did[step], recorded: recorded[step] };
  return null;
}

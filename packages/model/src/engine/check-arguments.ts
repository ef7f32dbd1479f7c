import { type Schedule, checkSchedule } from '@mm/interleave';
import { OptionError, checkArray, checkFunction, checkInteger, checkObject, checkText } from '@mm/printk';

import type { Op, Subsystem, WorldOptions } from '../subsystem.js';
import { checkWorldOptions } from './check-world-options.js';
import type { Counts } from './counts.js';
import type { Example } from './example.js';

/** Arguments of an operation are below this. */
const ARGUMENT_END = 2 ** 30;

/** @throws OptionError for what is no subsystem. */
export function checkSubsystem<W>(subsystem: Subsystem<W>): void {
  checkObject('subsystem', subsystem, 'a Subsystem');
  checkText('subsystem.name', subsystem.name);
  checkArray('subsystem.commands', subsystem.commands, 'commands');
  checkObject('subsystem.invariants', subsystem.invariants, 'names of invariants');
  checkFunction('subsystem.setup', subsystem.setup);
}

/** A program of a subsystem, on so many CPUs. @throws OptionError that names the operation and the field. */
export function checkProgram<W>({ commands }: Subsystem<W>, program: readonly Op[], cpus: number): void {
  checkArray('program', program, 'operations');
  for (let i = 0; i < program.length; i++) {
    const op = program[i]!;
    // In one look where all is well: programs are long, and run again and again.
    if (isOp(op, commands.length, cpus)) continue;
    const at = `program[${i}]`;
    checkObject(at, op, 'an operation');
    checkInteger(`${at}.command`, op.command, 0, commands.length - 1);
    checkInteger(`${at}.cpu`, op.cpu, 0, cpus - 1);
    checkInteger(`${at}.a`, op.a, 0, ARGUMENT_END - 1);
    checkInteger(`${at}.b`, op.b, 0, ARGUMENT_END - 1);
  }
}

function isOp(op: Op | null | undefined, commands: number, cpus: number): boolean {
  return (
    typeof op === 'object' &&
    op !== null &&
    isBelow(op.command, commands) &&
    isBelow(op.cpu, cpus) &&
    isBelow(op.a, ARGUMENT_END) &&
    isBelow(op.b, ARGUMENT_END)
  );
}

const isBelow = (value: number, end: number): boolean => Number.isInteger(value) && value >= 0 && value < end;

/** What a run is made of. @throws OptionError that names the field. */
export function checkRun<W>(subsystem: Subsystem<W>, options: WorldOptions, program: readonly Op[]): void {
  checkSubsystem(subsystem);
  checkProgram(subsystem, program, checkWorldOptions(options, 'options'));
}

/** @throws OptionError for what is no example, of a program that has been checked. */
export function checkExample(example: Example): void {
  checkObject('example', example, 'an object with program and schedule');
  if (example.schedule !== null) checkScheduled(example.schedule);
}

/** @throws OptionError for what is no seed of a scheduler, and no schedule. */
export function checkScheduled(schedule: Schedule | number): void {
  if (typeof schedule === 'number') {
    checkSeed('schedule', schedule);
    return;
  }
  try {
    checkSchedule(schedule);
  } catch (error) {
    throw new OptionError('schedule', `a seed, pairs of choice and count, or null`, (error as Error).message);
  }
}

/** @throws OptionError for what is no integer. */
export const checkSeed = (field: string, seed: number): number =>
  checkInteger(field, seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

/** @throws OptionError for what are no counts. */
export function checkCounts(field: string, counts: Counts, commands = counts?.byCommand?.length): void {
  checkObject(field, counts, 'counts, as newCounts() makes them');
  for (const name of ['runs', 'commands', 'transitions', 'checks'] as const)
    checkInteger(`${field}.${name}`, counts[name], 0, Number.MAX_SAFE_INTEGER);
  checkArray(`${field}.byCommand`, counts.byCommand, 'counts of commands');
  if (counts.byCommand.length !== commands)
    throw new OptionError(`${field}.byCommand`, `counts of ${commands} commands`, counts.byCommand);
}

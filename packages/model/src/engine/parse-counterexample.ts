import { checkSchedule } from '@mm/interleave';
import { OptionError, checkText } from '@mm/printk';

import { subsystemOf } from '../subsystems.js';
import { checkWorldOptions } from './check-world-options.js';
import { COUNTEREXAMPLE_FORMAT, type Counterexample } from './counterexample.js';

/** Operations of a counterexample at most: a run has a million commands at most. */
const PROGRAM_MAX = 1_000_000;

type Fields = Readonly<Record<string, unknown>>;

function object(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OptionError(where, 'an object', value);
  return value as Fields;
}

function text(value: unknown, where: string): void {
  if (typeof value !== 'string') throw new OptionError(where, 'a string', value);
}

function integer(value: unknown, where: string, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most)
    throw new OptionError(where, `an integer of 0 to ${most}`, value);
  return value;
}

function list(value: unknown, where: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new OptionError(where, 'a list', value);
  if (value.length > most) throw new OptionError(where, `at most ${most} elements`, value.length);
  return value;
}

/**
 * Checks a counterexample that came from a file.
 *
 * @param where what to call the file in an error.
 * @throws OptionError naming the field that is wrong, the value, and what was expected.
 * @example
 * parseCounterexample(JSON.parse(text), 'found.json');
 */
export function parseCounterexample(value: unknown, where: string): Counterexample {
  checkText('where', where);
  const fields = object(value, where);
  if (fields['format'] !== COUNTEREXAMPLE_FORMAT)
    throw new OptionError(`${where}.format`, COUNTEREXAMPLE_FORMAT, fields['format']);
  text(fields['system'], `${where}.system`);
  const system = subsystemOf(String(fields['system']), `${where}.system`);
  const cpus = checkWorldOptions(fields['options'], `${where}.options`);
  parseFound(fields['found'], `${where}.found`);
  text(fields['invariant'], `${where}.invariant`);
  text(fields['failure'], `${where}.failure`);
  const names = system.commands.map(({ name }) => name);
  const program = list(fields['program'], `${where}.program`, PROGRAM_MAX);
  for (const [i, element] of program.entries()) {
    const at = `${where}.program[${i}]`;
    const op = object(element, at);
    if (!names.includes(String(op['command'])))
      throw new OptionError(
        `${at}.command`,
        `a command of ${system.name}: ${names.join(', ')}`,
        op['command'],
      );
    integer(op['cpu'], `${at}.cpu`, cpus - 1);
    integer(op['a'], `${at}.a`, 2 ** 30 - 1);
    integer(op['b'], `${at}.b`, 2 ** 30 - 1);
  }
  parseSchedule(fields['schedule'], `${where}.schedule`, program.length, cpus);
  for (const [i, step] of list(fields['steps'], `${where}.steps`, 2 ** 24).entries())
    text(step, `${where}.steps[${i}]`);
  return value as Counterexample;
}

function parseFound(value: unknown, where: string): void {
  const found = object(value, where);
  integer(found['seed'], `${where}.seed`, 2 ** 32);
  if (found['mode'] !== 'sequence' && found['mode'] !== 'interleaved')
    throw new OptionError(`${where}.mode`, 'sequence or interleaved', found['mode']);
  integer(found['commands'], `${where}.commands`, PROGRAM_MAX);
  integer(found['shrinkRuns'], `${where}.shrinkRuns`, 2 ** 32);
  text(found['commit'], `${where}.commit`);
}

function parseSchedule(value: unknown, where: string, operations: number, cpus: number): void {
  if (value === null) return;
  const schedule = list(value, where, 2 ** 24) as readonly number[];
  try {
    checkSchedule(schedule);
  } catch (error) {
    throw new OptionError(where, 'pairs of choice and count, or null', (error as Error).message);
  }
  for (let i = 0; i < schedule.length; i += 2) {
    const choice = schedule[i]!;
    if (choice >>> 6 >= operations || (choice & 63) >= cpus)
      throw new OptionError(
        `${where}[${i}]`,
        `operation × 64 + CPU, of ${operations} operations and ${cpus} CPUs`,
        choice,
      );
  }
}

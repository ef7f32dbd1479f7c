import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import {
  type Op,
  type Subsystem,
  type WorldOptions,
  buddySubsystem,
  slabSubsystem,
  slubSubsystem,
  sysfsSubsystem,
  v7sSubsystem,
  zonesSubsystem,
} from '@mm/model';
import { OptionError } from '@mm/printk';

/** A program that fails, as it is kept in a file. */
export interface Counterexample {
  readonly format: 'mm-counterexample/1';
  readonly system: string;
  /** Sequential programs have none; interleaved ones the seed of their scheduler. */
  readonly scheduleSeed: number | null;
  readonly options: WorldOptions;
  readonly program: readonly Op[];
  /** The message of the failure. */
  readonly failure: string;
}

/** Everything that can be checked, by name. */
export const SUBSYSTEMS: ReadonlyMap<string, Subsystem<unknown>> = new Map(
  [zonesSubsystem, buddySubsystem, slubSubsystem, slabSubsystem, sysfsSubsystem, v7sSubsystem].map(
    (system) => [system.name, system as unknown as Subsystem<unknown>],
  ),
);

/** The subsystem of a name. @throws OptionError when there is none. */
export function subsystemOf(name: string): Subsystem<unknown> {
  const system = SUBSYSTEMS.get(name);
  if (system === undefined)
    throw new OptionError('system', `one of ${[...SUBSYSTEMS.keys()].join(', ')}`, name);
  return system;
}

/** Writes a counterexample, its folder too. */
export function saveCounterexample(file: string, found: Counterexample): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(found, null, 1)}\n`);
}

/**
 * Reads a counterexample.
 * @throws OptionError naming the file and the field that is wrong.
 */
export function readCounterexample(file: string): Counterexample {
  let value: Partial<Counterexample>;
  try {
    value = JSON.parse(readFileSync(file, 'utf8')) as Partial<Counterexample>;
  } catch (error) {
    throw new OptionError(file, 'a counterexample, JSON that can be read', (error as Error).message);
  }
  if (typeof value !== 'object' || value === null || value.format !== 'mm-counterexample/1')
    throw new OptionError(`${file}.format`, 'mm-counterexample/1', value?.format);
  const commands = subsystemOf(String(value.system)).commands.length;
  if (!Array.isArray(value.program))
    throw new OptionError(`${file}.program`, 'a list of operations', value.program);
  if (value.scheduleSeed !== null && !Number.isInteger(value.scheduleSeed))
    throw new OptionError(`${file}.scheduleSeed`, 'an integer or null', value.scheduleSeed);
  if (typeof value.options !== 'object' || value.options === null)
    throw new OptionError(`${file}.options`, 'an object', value.options);
  const cpus = value.options.cpus ?? 1;
  const limits = { command: commands - 1, cpu: cpus - 1, a: 2 ** 30 - 1, b: 2 ** 30 - 1 };
  for (const [i, op] of value.program.entries())
    for (const [field, most] of Object.entries(limits)) {
      const number = (op as unknown as Record<string, unknown> | null)?.[field];
      if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > most)
        throw new OptionError(`${file}.program[${i}].${field}`, `an integer of 0 to ${most}`, number);
    }
  return value as Counterexample;
}

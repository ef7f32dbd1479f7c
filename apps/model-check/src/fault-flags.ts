import { parseFaultRate } from '@mm/buddy';
import { FAULT_OPTIONS, type FaultOption, SUBSYSTEMS, type WorldOptions, subsystemOf } from '@mm/model';
import { OptionError } from '@mm/printk';
import type { Command } from 'commander';

/** Faults that programs meet. */
export interface FaultFlags {
  readonly faults?: string;
  readonly failslab?: string;
  readonly corrupt?: boolean;
}

/** Adds the options of faults to a command. */
export const addFaultFlags = (command: Command): Command =>
  command
    .option(
      '--faults <attributes>',
      'page allocations that fail: interval,probability,space,times, such as 10,100,0,-1',
    )
    .option('--failslab <attributes>', 'allocations of objects that fail, in the same form')
    .option('--corrupt', 'every program also writes into free objects, not one in four')
    .option('--no-corrupt', 'no program does');

/** Whether programs of a system may meet a fault in such a world. */
const takes = (system: string, fault: FaultOption, world: WorldOptions): boolean =>
  subsystemOf(system).faults?.(world).includes(fault) === true;

const takersOf = (fault: FaultOption, world: WorldOptions): string[] =>
  [...SUBSYSTEMS.keys()].filter((system) => takes(system, fault, world));

/** What the help says of them. */
export const FAULT_HELP = FAULT_OPTIONS.map(
  (fault) => `  --${fault}: ${takersOf(fault, {}).join(', ')}`,
).join('\n');

/** @throws OptionError for what is no attributes, and for a fault that none of the systems can meet. */
export function faultsOf(
  flags: FaultFlags,
  systems: readonly string[],
  world: WorldOptions,
): Pick<WorldOptions, FaultOption> {
  for (const name of ['faults', 'failslab'] as const)
    if (flags[name] !== undefined) parseFaultRate(flags[name], `--${name}`);
  for (const fault of FAULT_OPTIONS) {
    if (flags[fault] === undefined || systems.some((system) => takes(system, fault, world))) continue;
    const option = flags[fault] === false ? `--no-${fault}` : `--${fault}`;
    throw new OptionError(option, `a --system of ${takersOf(fault, world).join(', ')}`, systems.join(','));
  }
  const { faults, failslab, corrupt } = flags;
  return {
    ...(faults === undefined ? {} : { faults }),
    ...(failslab === undefined ? {} : { failslab }),
    ...(corrupt === undefined ? {} : { corrupt }),
  };
}

/** The faults of a run in words, and which systems do not meet them. */
export function describeFaults(world: WorldOptions, systems: readonly string[]): string {
  const words = FAULT_OPTIONS.filter((fault) => world[fault] !== undefined).map((fault) => {
    const others = systems.filter((system) => !takes(system, fault, world));
    return `, ${fault} ${world[fault]}${others.length === 0 ? '' : ` but for ${others.join(', ')}`}`;
  });
  return words.join('');
}

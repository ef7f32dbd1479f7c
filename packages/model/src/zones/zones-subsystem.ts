import { type Machine, createMachine } from '@mm/machine';
import type { Steps } from '@mm/steps';
import { PRESET_NAMES, VM_SYSCTLS, type VmSysctl } from '@mm/zones';

import { ModelViolation } from '../model-violation.js';
import type { Answer, Command, Op, Subsystem, WorldOptions } from '../subsystem.js';
import { SizingModel } from './sizing-model.js';

/** A machine and what the documentation says of the sizes of its zones. */
export interface ZonesWorld {
  machine: Machine;
  model: SizingModel;
  readonly options: WorldOptions;
}

/** RAM of the machines that are booted, MiB. */
const RAM_MIB = [16, 64, 100, 512, 1024, 3000, 4096, 6144];

function bootWorld(options: WorldOptions, op: Op): Machine {
  const preset = options.preset ?? PRESET_NAMES[op.a % PRESET_NAMES.length]!;
  const ramBytes = options.ramBytes ?? RAM_MIB[op.b % RAM_MIB.length]! * 2 ** 20;
  const movable = op.a % 5 === 0 ? { boot: { movablecore: `${op.b % 60}%` } } : {};
  const { behaviour: _behaviour, tables: _tables, ...given } = options;
  return createMachine({ ...given, preset, ramBytes, cpus: options.cpus ?? 1 + (op.b % 8), ...movable });
}

/** Values that the kernel takes and values that it refuses, for every sysctl. */
const TEXTS: Readonly<Record<VmSysctl, readonly string[]>> = {
  min_free_kbytes: [
    '0',
    '128',
    '1024',
    '65536',
    '-1',
    'much',
    '99999999999',
    '0x1000',
    '01000',
    '09',
    '500 kB',
  ],
  lowmem_reserve_ratio: ['256 256 32 0', '1 1 1 1', '0 0 0 0', '64', '-5 32 32 0', 'x', '16 x 8', '0x20 010'],
  watermark_scale_factor: ['10', '1', '3000', '0', '3001', ''],
  watermark_boost_factor: ['0', '15000', '-1'],
  percpu_pagelist_high_fraction: ['0', '8', '100', '7', '-8'],
};

const textOf = (op: Op): { name: VmSysctl; text: string } => {
  const name = VM_SYSCTLS[op.a % VM_SYSCTLS.length]!;
  return { name, text: TEXTS[name][op.b % TEXTS[name].length]! };
};

function write(world: ZonesWorld, op: Op): number {
  const { name, text } = textOf(op);
  const answer = world.machine.writeSysctl(name, text);
  const expected = world.model.write(name, text) ? 0 : -22;
  if (answer !== expected)
    throw new ModelViolation(
      'a sysctl takes what its documentation says',
      `${name} = "${text}" answered ${answer}, not ${expected}`,
    );
  return answer;
}

function boot(world: ZonesWorld, op: Op): number {
  world.machine = bootWorld(world.options, op);
  world.model = new SizingModel(world.machine.zones, world.machine.cpus);
  return world.machine.cpus;
}

/** Writes are not concurrent: the kernel serialises them by a mutex. */
const command = (
  name: string,
  weight: number,
  run: (world: ZonesWorld, op: Op) => Answer,
  words: (op: Op) => string,
): Command<ZonesWorld> => ({
  name,
  weight,
  enabled: () => true,
  run: (world, _ctx, op) => run(world, op),
  *steps(world, _ctx, op): Steps<Answer> {
    return run(world, op);
  },
  describe: (op) => `${name}(${words(op)})`,
});

function check({ machine, model }: ZonesWorld): void {
  if (!model.agrees(machine.zones))
    throw new ModelViolation('zones are sized as documented', model.differences(machine.zones)[0]!);
}

function describeZones({ machine: { zones } }: ZonesWorld): Record<string, number> {
  const state: Record<string, number> = {};
  for (const zone of zones.zonelist) {
    const name = zones.names[zone]!;
    for (const [mark, word] of ['min', 'low', 'high'].entries())
      state[`${name} ${word}`] = zones.wmark[zone * 4 + mark]!;
    state[`${name} managed`] = zones.managed[zone]!;
    state[`${name} per-cpu high`] = zones.pcpHigh[zone]!;
    for (const target of zones.zonelist)
      state[`${name} reserve against ${zones.names[target]}`] =
        zones.lowmemReserve[zone * zones.count + target]!;
  }
  return state;
}

/** The sizes of zones under sysctl writes, and the layout of machines of every kind. */
export const zonesSubsystem: Subsystem<ZonesWorld> = {
  name: 'zones',
  invariants: {
    command: ['a sysctl takes what its documentation says'],
    local: ['zones are sized as documented'],
    whole: ['zones are sized as documented'],
  },
  commands: [
    // A machine takes 50 times as long as a write, so they share a run's time about evenly: eight machines in a thousand commands.
    command('writeSysctl', 120, write, (op) => `${textOf(op).name} = "${textOf(op).text}"`),
    command('boot', 1, boot, (op) => `preset #${op.a}, RAM #${op.b}`),
  ],
  setup: (options) => {
    const machine = bootWorld(options, { command: 0, cpu: 0, a: 3, b: 4 });
    return { machine, model: new SizingModel(machine.zones, machine.cpus), options };
  },
  cellsOf: (world) => world.machine.cells,
  checkLocal: check,
  checkWhole: check,
  describeState: describeZones,
};

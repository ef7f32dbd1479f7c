import { VM_SYSCTLS, type Zones, zonePreset } from '@mm/zones';
import { createMachine } from '@mm/machine';
import { expect, test } from 'vitest';

import { ModelViolation } from '../model-violation.js';
import { type ZonesWorld, zonesSubsystem } from './zones-subsystem.js';

const world = (): ZonesWorld => zonesSubsystem.setup({ preset: 'x86_64', ramBytes: 6 * 2 ** 30, cpus: 2 });

/** Each number that the documentation determines: what spoils it and nothing more, and the words in which it is named. */
const SPOILED: ReadonlyArray<readonly [string, (zones: Zones, zone: number) => void, RegExp]> = [
  ['min', (zones, z) => (zones.wmark[z * 4]! += 1), /^DMA32 min: expected \d+, got \d+$/u],
  ['low', (zones, z) => (zones.wmark[z * 4 + 1]! -= 1), /^DMA32 low: expected \d+, got \d+$/u],
  ['high', (zones, z) => (zones.wmark[z * 4 + 2]! += 1), /^DMA32 high: expected \d+, got \d+$/u],
  ['per-cpu high', (zones, z) => (zones.pcpHigh[z]! += 1), /^DMA32 per-cpu high: expected \d+, got \d+$/u],
  [
    'lowmem reserve',
    (zones, z) => (zones.lowmemReserve[z * zones.count + z + 1]! -= 1),
    /^DMA32 reserve against Normal: expected \d+, got \d+$/u,
  ],
  [
    'a zone keeps nothing from its own callers',
    (zones, z) => (zones.lowmemReserve[z * zones.count + z] = 1),
    /^DMA32 reserve against DMA32: expected 0, got 1$/u,
  ],
];

test('sound, nothing is wrong with zones', () => {
  const sound = world();
  expect(sound.model.differences(sound.machine.zones)).toEqual([]);
  zonesSubsystem.checkLocal(sound, 0);
  zonesSubsystem.checkWhole(sound);
});

test.each(SPOILED)('%s: spoiled, it is named, and nothing else is', (_, spoil, words) => {
  const spoiled = world();
  const { zones } = spoiled.machine;
  spoil(zones, zones.indexOf('DMA32'));
  expect(spoiled.model.differences(zones)).toEqual([expect.stringMatching(words)]);
  for (const check of [() => zonesSubsystem.checkLocal(spoiled, 0), () => zonesSubsystem.checkWhole(spoiled)])
    expect(check).toThrow(ModelViolation);
  expect(() => zonesSubsystem.checkLocal(spoiled, 0)).toThrow('zones are sized as documented: DMA32');
});

test('a sysctl that answers otherwise than its documentation says is named', () => {
  const { commands } = zonesSubsystem;
  const write = commands.find(({ name }) => name === 'writeSysctl')!;
  for (let a = 0; a < VM_SYSCTLS.length; a++) {
    const spoiled = world();
    const op = { command: 0, cpu: 0, a, b: 0 };
    const { ctx } = spoiled.machine.on(0);
    const right = write.run(spoiled, ctx, op) as number;
    // A kernel that takes what this one refuses, and the other way round.
    spoiled.machine.writeSysctl = () => (right === 0 ? -22 : 0);
    expect(() => write.run(spoiled, ctx, op)).toThrow('a sysctl takes what its documentation says');
  }
});

test('the model is not fed by what it judges: a machine sized by other rules is told apart', () => {
  const machine = createMachine({ preset: 'arm64', ramBytes: '2G' });
  const { model } = world();
  expect(model.differences(machine.zones).length).toBeGreaterThan(0);
  expect(zonePreset('arm64').name).toBe('arm64');
});

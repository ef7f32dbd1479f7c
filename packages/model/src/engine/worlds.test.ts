import { hashMachine } from '@mm/machine';
import { expect, test } from 'vitest';

import type { BuddyWorld } from '../buddy/buddy-world.js';
import { buddySubsystem } from '../buddy/buddy-subsystem.js';
import { zonesSubsystem } from '../zones/zones-subsystem.js';
import type { Subsystem } from '../subsystem.js';
import { newCounts } from './counts.js';
import { runExample } from './example.js';
import { randomProgram } from './program.js';
import { Worlds } from './worlds.js';

const options = { cpus: 3, faults: '50,20,100,-1' };

function hashed(world: BuddyWorld): number {
  return hashMachine(world.machine.snapshot());
}

test.each([
  ['one after the other', null],
  ['interleaved', 5],
] as const)('a world made new is as one set up, and runs as one: %s', (_, schedule) => {
  const fresh = buddySubsystem.setup(options);
  const worlds = new Worlds(buddySubsystem);
  const first = worlds.take(options);
  worlds.giveBack(first);
  for (let seed = 1; seed <= 6; seed++) {
    const example = { program: randomProgram(buddySubsystem, seed, 700, 3), schedule };
    const used = newCounts(buddySubsystem);
    const alone = newCounts(buddySubsystem);
    expect(runExample(buddySubsystem, options, example, { counts: used, worlds }).failure).toBeNull();
    expect(runExample(buddySubsystem, options, example, { counts: alone }).failure).toBeNull();
    expect(used).toEqual(alone);
    const world = worlds.take(options);
    expect(world).toBe(first);
    expect(hashed(world)).toBe(hashed(fresh));
    expect(buddySubsystem.describeState(world)).toEqual(buddySubsystem.describeState(fresh));
    worlds.giveBack(world);
  }
});

test('other options, a world that is in use, and a subsystem that cannot: another world', () => {
  const worlds = new Worlds(buddySubsystem);
  const first = worlds.take(options);
  expect(worlds.take(options)).not.toBe(first);
  worlds.giveBack(first);
  const second = worlds.take({ cpus: 2 });
  worlds.giveBack(second);
  expect(worlds.take({ cpus: 3 })).not.toBe(second);
  const zones = new Worlds(zonesSubsystem);
  const world = zones.take({ cpus: 1 });
  zones.giveBack(world);
  expect(zones.take({ cpus: 1 })).not.toBe(world);
});

test('a world in which something broke serves nobody else', () => {
  let setups = 0;
  const broken: Subsystem<BuddyWorld> = {
    ...buddySubsystem,
    setup: (given) => {
      setups++;
      return buddySubsystem.setup(given);
    },
    checkLocal: () => {
      throw new Error('broken');
    },
  };
  const worlds = new Worlds(broken);
  for (const schedule of [null, 3, null]) {
    const program = randomProgram(broken, 1, 10, 2);
    expect(runExample(broken, { cpus: 2 }, { program, schedule }, { worlds }).failure).not.toBeNull();
  }
  expect(setups).toBe(3);
});

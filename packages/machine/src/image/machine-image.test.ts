import { checkBuddyInvariants } from '@mm/buddy';
import { GFP_ATOMIC, GFP_KERNEL, __GFP_ZERO } from '@mm/zones';
import { describe, expect, test } from 'vitest';

import { type MachineOptions, createMachine, diffMachines, hashMachine } from '../index.js';
import type { Machine } from '../machine.js';

/** Everything that a machine can do, in an order by `seed`. Returns what was answered. */
function churn(machine: Machine, seed: number, steps = 400): unknown[] {
  let x = seed;
  const below = (bound: number): number => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % bound;
  };
  const answers: unknown[] = [];
  const pages: Array<readonly [number, number]> = [];
  const objects: number[] = [];
  const cache = machine.kmemCacheCreate({ name: `c${seed}`, size: 96, ctor: () => {} })!;
  const held: number[] = [];
  for (let i = 0; i < steps; i++) {
    const cpu = machine.on(below(machine.cpus));
    const order = below(5);
    const kind = below(7);
    if (kind === 0) {
      const pfn = cpu.allocPages(GFP_KERNEL, order);
      if (pfn !== null) pages.push([pfn, order]);
      answers.push(pfn);
    } else if (kind === 1 && pages.length > 0) cpu.freePages(...pages.splice(below(pages.length), 1)[0]!);
    else if (kind === 2) {
      const address = cpu.kmalloc(1 + below(9000), GFP_ATOMIC | __GFP_ZERO);
      if (address !== null) {
        machine.memory.write8(address, i & 255);
        objects.push(address);
      }
      answers.push(address);
    } else if (kind === 3 && objects.length > 0) cpu.kfree(objects.splice(below(objects.length), 1)[0]!);
    else if (kind === 4) {
      const object = cpu.kmemCacheAlloc(cache, GFP_KERNEL);
      if (object !== null) held.push(object);
      answers.push(object);
    } else if (kind === 5 && held.length > 0)
      cpu.kmemCacheFree(cache, held.splice(below(held.length), 1)[0]!);
    else if (kind === 6) answers.push(machine.writeSysctl('min_free_kbytes', String(1000 + below(2000))));
  }
  return answers;
}

const KINDS: ReadonlyArray<readonly [string, MachineOptions]> = [
  ['SLUB', { cpus: 2, randomFreelist: 5, hardenedFreelist: 6 }],
  ['SLUB with debugging', { cpus: 2, cmdline: 'slub_debug=FZPU' }],
  ['SLAB', { cpus: 2, slab: 'slab' }],
  ['failslab', { cpus: 2, failslab: '3,50,0,-1' }],
  ['faults', { cpus: 1, faults: '3,50,0,-1', strict: true }],
  ['failing objects', { cpus: 2, failslab: '3,50,0,-1' }],
  ['arm', { preset: 'arm', cpus: 2, ramBytes: '128M' }],
];

describe.each(KINDS)('a machine of %s', (_, options) => {
  const made = (): Machine => createMachine({ ramBytes: '64M', ...options });

  test('comes back: same hash, no difference, same answers ever after, as often as one likes', () => {
    const machine = made();
    churn(machine, 11);
    const image = machine.snapshot();
    const hash = hashMachine(image);
    const answers = churn(machine, 12);
    expect(hashMachine(machine.snapshot())).not.toBe(hash);
    for (let again = 0; again < 2; again++) {
      machine.restore(image);
      expect(diffMachines(image, machine.snapshot())).toEqual([]);
      expect(hashMachine(machine.snapshot())).toBe(hash);
      expect(checkBuddyInvariants(machine.pages)).toEqual([]);
      expect(churn(machine, 12)).toEqual(answers);
    }
  });

  test('two machines that went the same way have one hash, and no difference', () => {
    const [one, two] = [made(), made()];
    churn(one, 21);
    churn(two, 21);
    expect(diffMachines(one.snapshot(), two.snapshot())).toEqual([]);
    expect(hashMachine(one.snapshot())).toBe(hashMachine(two.snapshot()));
  });
});

test('a slab allocator that was made after the snapshot is gone with it', () => {
  const machine = createMachine({ ramBytes: '64M' });
  const image = machine.snapshot();
  const first = machine.kmalloc(100, GFP_KERNEL);
  machine.restore(image);
  expect(hashMachine(machine.snapshot())).toBe(hashMachine(image));
  expect(machine.kmalloc(100, GFP_KERNEL)).toBe(first);
});

/** The places that differ after a change. */
function changed(change: (machine: Machine) => void): string[] {
  const machine = createMachine({ ramBytes: '64M', preset: 'arm64' });
  machine.kmalloc(100, GFP_KERNEL);
  const before = machine.snapshot();
  change(machine);
  const after = machine.snapshot();
  expect(hashMachine(after)).not.toBe(hashMachine(before));
  return diffMachines(before, after).map(({ path, before: was, after: is }) => `${path}: ${was} -> ${is}`);
}

describe('a difference names its place', () => {
  test.each<[string, (machine: Machine) => void, string]>([
    ['a byte', (m) => m.memory.write32(0x40100000, 7), 'memory[0x40100000]: 0 -> 7'],
    [
      'a frame',
      (m) => (m.frames.refcount[m.frames.slotOf(0x40010)] = 3),
      'frames.refcount[pfn 0x40010]: 0 -> 3',
    ],
    ['a watermark', (m) => (m.zones.wmark[1] = 9999), ' -> 9999'],
    ['a counter', (m) => (m.pages.areaFree[5] = 77), 'pages.areaFree[5]: '],
    ['a sysctl', (m) => (m.sysctls.highFraction = 8), 'zones.highFraction: 0 -> 8'],
    [
      'a line of the log',
      (m) => m.log.write(4, 'said'),
      'log.lines[0]: undefined -> {"level":4,"text":"said"}',
    ],
    [
      'a warning that comes once',
      (m) => m.pages.warnedOnce.add('order'),
      'pages.warnedOnce: undefined -> order',
    ],
    ['a word of a cache', (m) => (m.kmem.caches[1]!.node[0]! += 1), 'kmem.caches[1].node[0]: '],
    ['a field of a cache', (m) => (m.kmem.caches[1]!.refcount = 9), 'kmem.caches[1].refcount: '],
    ['a cache', (m) => m.kmemCacheCreate({ name: 'new', size: 8, ctor: () => {} }), 'undefined -> -> '],
  ])('%s', (_, change, place) => {
    const places = changed(change);
    expect(places.join('\n')).toContain(place);
    expect(places.length).toBeLessThan(40);
  });

  test('at most so many as asked for', () => {
    const machine = createMachine({ ramBytes: '64M' });
    const before = machine.snapshot();
    churn(machine, 31);
    expect(diffMachines(before, machine.snapshot(), 5)).toHaveLength(5);
  });
});

test('an image of another machine, and what is none, is refused, and nothing has changed', () => {
  const machine = createMachine({ ramBytes: '64M' });
  const other = createMachine({ ramBytes: '64M' });
  const image = other.snapshot();
  churn(machine, 41);
  const hash = hashMachine(machine.snapshot());
  for (const wrong of [image, null, undefined, {}, { ...machine.snapshot() }, 7])
    expect(() => machine.restore(wrong as never)).toThrow(
      'image: expected what snapshot() of this machine returned',
    );
  expect(hashMachine(machine.snapshot())).toBe(hash);
});

import { createMachine } from '@mm/machine';
import { SLAB_BOOT_DEFAULTS, type SlabCache, SlabSystem, slabAlloc, slabFree } from '@mm/slab';
import { SLUB_BOOT_DEFAULTS, type SlubCache, SlubSystem, slubAlloc, slubFree } from '@mm/slub';
import { Context } from '@mm/steps';

import { FREE_POINTER, Freelist } from './freelist.js';
import type { Pair } from './pair.js';
import { garbage, npmMalloc, thing, tlsf, walloc } from './peers.js';
import type { BenchCase, BenchSuite } from './suite.js';

const GFP_KERNEL = 0xcc0;
const BYTES = 1024;
const BATCH = 1000;

type Loop = (n: number) => unknown;

/**
 * A copy of the loop for each case: one shared by all would call through a site that has seen every allocator, at 14 ns a
 * call.
 */
function ownLoop(source: string): (...args: readonly unknown[]) => Loop {
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- the only way to a function with feedback of its own
  return new Function('pairs', 'order', source) as (...args: readonly unknown[]) => Loop;
}

const alternate = (pairs: ReadonlyArray<Pair<unknown>>): Loop =>
  ownLoop(`
  let at = 0;
  return (n) => {
    let last;
    for (let i = 0; i < n; i++) {
      const pair = pairs[at];
      at = at + 1 === pairs.length ? 0 : at + 1;
      last = pair.alloc();
      pair.free(last);
    }
    return last;
  };`)(pairs);

/** An order in which the objects of a batch are freed: as they came, or shuffled with a seed. */
function orderOf(random: boolean): Int32Array {
  const order = Int32Array.from({ length: BATCH }, (_, i) => i);
  let x = 99;
  for (let i = BATCH - 1; random && i > 0; i--) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    const j = (x >>> 8) % (i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

const batch = (pair: Pair<unknown>, random: boolean): Loop =>
  ownLoop(`
  const held = [];
  const { alloc, free } = pairs[0];
  return (n) => {
    for (let done = 0; done < n; done += ${BATCH}) {
      for (let i = 0; i < ${BATCH}; i++) held[i] = alloc();
      for (let i = 0; i < ${BATCH}; i++) free(held[order[i]]);
    }
    return held[0];
  };`)([pair], orderOf(random));

/** The least that a slab allocator can be in this language. */
function floor(): Pair<number> {
  const { memory, slot } = new Freelist();
  return {
    alloc() {
      const object = slot[0]!;
      slot[0] = memory[object - 1 + FREE_POINTER]!;
      slot[1]! += 1;
      return object;
    },
    free(object) {
      memory[object - 1 + FREE_POINTER] = slot[0]!;
      slot[0] = object;
      slot[1]! += 1;
    },
  };
}

/** A machine with as many CPUs as give SLUB slabs of 32 objects, as it has on most machines; one CPU: 8 objects. */
interface Setting {
  readonly ramBytes: string;
  readonly cpus: number;
  /** Caches that exist beside the timed one, each with an object. */
  readonly others: number;
}

const USUAL: Setting = { ramBytes: '256M', cpus: 8, others: 0 };
const REQUEST = { name: 'bench', size: BYTES, align: BYTES };

function slub({ ramBytes, cpus, others }: Setting): Pair<number> {
  const { pages, cells } = createMachine({ ramBytes, cpus });
  const boot = { ...SLUB_BOOT_DEFAULTS, nomerge: true };
  const { register } = new SlubSystem({ pages, cells, boot });
  const ctx = new Context();
  for (let i = 0; i < others; i++)
    slubAlloc(ctx, register.create({ ...REQUEST, name: `other-${i}` }) as SlubCache, GFP_KERNEL);
  const cache = register.create(REQUEST) as SlubCache;
  return {
    alloc: () => slubAlloc(ctx, cache, GFP_KERNEL)!,
    free: (object) => slubFree(ctx, cache, object),
  };
}

function slab({ ramBytes, cpus, others }: Setting): Pair<number> {
  const { pages, cells } = createMachine({ ramBytes, cpus });
  const { register } = new SlabSystem({ pages, cells, boot: { ...SLAB_BOOT_DEFAULTS, nomerge: true } });
  const ctx = new Context();
  for (let i = 0; i < others; i++)
    slabAlloc(ctx, register.create({ ...REQUEST, name: `other-${i}` }) as SlabCache, GFP_KERNEL);
  const cache = register.create(REQUEST) as SlabCache;
  return {
    alloc: () => slabAlloc(ctx, cache, GFP_KERNEL)!,
    free: (object) => slabFree(ctx, cache, object),
  };
}

type Maker = () => Pair<unknown> | Promise<Pair<unknown>>;

const MAKERS: ReadonlyArray<readonly [name: string, make: Maker, goals: readonly number[]]> = [
  ['slub', () => slub(USUAL), [5, 3.5, 3.5]],
  ['slab', () => slab(USUAL), [7.5, 5.3, 5.3]],
  ['@thi.ng/malloc', () => thing(BYTES), []],
  ['malloc (npm)', () => npmMalloc(BYTES), []],
  ['walloc (wasm)', () => walloc(BYTES), []],
  ['AssemblyScript TLSF', () => tlsf(BYTES), []],
  ['new Uint8Array', () => garbage(BYTES), []],
];

const WORKLOADS = [
  ['alternating', 1, (pairs: ReadonlyArray<Pair<unknown>>) => alternate(pairs)],
  ['batch of 1000, freed in order', 1, ([pair]: ReadonlyArray<Pair<unknown>>) => batch(pair!, false)],
  ['batch of 1000, freed at random', 1, ([pair]: ReadonlyArray<Pair<unknown>>) => batch(pair!, true)],
  ['six caches in turn', 6, (pairs: ReadonlyArray<Pair<unknown>>) => alternate(pairs)],
] as const;

const manyOf = (make: Maker, count: number): Promise<Array<Pair<unknown>>> =>
  Promise.all(Array.from({ length: count }, make));

const beside: BenchCase[] = WORKLOADS.flatMap(([workload, count, run], w) => [
  { name: `floor, ${workload}`, prepare: async () => run(await manyOf(floor, count)) },
  ...MAKERS.map(([name, make, goals]) => ({
    name: `${name}, ${workload}`,
    prepare: async () => run(await manyOf(make, count)),
    per: `floor, ${workload}`,
    ...(goals[w % 3] === undefined ? {} : { goal: goals[w % 3]! }),
  })),
]);

/** What must not matter. A ratio is to the same workload of the same allocator on the usual machine. */
const SETTINGS: ReadonlyArray<readonly [name: string, setting: Setting]> = [
  ['64 GiB', { ...USUAL, ramBytes: '64G' }],
  ['beside 500 caches', { ...USUAL, others: 500 }],
  ['one CPU', { ...USUAL, cpus: 1 }],
];

const settings: BenchCase[] = (['slub', 'slab'] as const).flatMap((name) =>
  SETTINGS.map(([what, setting]) => ({
    name: `${name}, at random, ${what}`,
    prepare: () => batch((name === 'slub' ? slub : slab)(setting), true),
    per: `${name}, batch of 1000, freed at random`,
  })),
);

const suite: BenchSuite = {
  operation: 'an allocation of 1 KiB and its free',
  cases: [...beside, ...settings],
};
export default suite;

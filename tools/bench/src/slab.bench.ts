import { createMachine } from '@mm/machine';
import { type SlabCache, SlabSystem, slabAlloc, slabFree } from '@mm/slab';
import { type SlubCache, SlubSystem, slubAlloc, slubFree } from '@mm/slub';
import { Context } from '@mm/steps';
import { MemPool } from '@thi.ng/malloc';

import { FREE_POINTER, Freelist } from './freelist.js';
import type { BenchCase, BenchSuite } from './suite.js';

const GFP_KERNEL = 0xcc0;
const BYTES = 1024;
const BATCH = 1000;

/** Takes an object and gives it back; objects are numbers, or whatever a peer has. */
interface Pair<T> {
  alloc(): T;
  free(object: T): void;
}

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

function slub(): Pair<number> {
  const { pages, cells } = createMachine({ ramBytes: '256M', cpus: 8 });
  const cache = new SlubSystem({ pages, cells }).register.create(REQUEST) as SlubCache;
  const ctx = new Context();
  return {
    alloc: () => slubAlloc(ctx, cache, GFP_KERNEL)!,
    free: (object) => slubFree(ctx, cache, object),
  };
}

function slab(): Pair<number> {
  const { pages, cells } = createMachine({ ramBytes: '256M', cpus: 8 });
  const cache = new SlabSystem({ pages, cells }).register.create(REQUEST) as SlabCache;
  const ctx = new Context();
  return {
    alloc: () => slabAlloc(ctx, cache, GFP_KERNEL)!,
    free: (object) => slabFree(ctx, cache, object),
  };
}

const REQUEST = { name: 'bench', size: BYTES, align: BYTES };

function thing(): Pair<number> {
  const pool = new MemPool({ buf: new ArrayBuffer(8 * 2 ** 20) });
  return { alloc: () => pool.malloc(BYTES), free: (object) => void pool.free(object) };
}

function garbage(): Pair<Uint8Array> {
  return { alloc: () => new Uint8Array(BYTES), free: () => {} };
}

const MAKERS: ReadonlyArray<readonly [name: string, make: () => Pair<unknown>, goals: readonly number[]]> = [
  ['slub', slub, [5, 3.5, 3.5]],
  ['slab', slab, [7.5, 5.3, 5.3]],
  ['@thi.ng/malloc', thing, []],
  ['new Uint8Array', garbage, []],
];

const WORKLOADS = [
  ['alternating', (make: () => Pair<unknown>) => alternate([make()])],
  ['batch of 1000, freed in order', (make: () => Pair<unknown>) => batch(make(), false)],
  ['batch of 1000, freed at random', (make: () => Pair<unknown>) => batch(make(), true)],
  [
    'six caches in turn',
    (make: () => Pair<unknown>) => alternate([make(), make(), make(), make(), make(), make()]),
  ],
] as const;

const cases: BenchCase[] = WORKLOADS.flatMap(([workload, run], w) => [
  { name: `floor, ${workload}`, prepare: () => run(floor as () => Pair<unknown>) },
  ...MAKERS.map(([name, make, goals]) => ({
    name: `${name}, ${workload}`,
    prepare: () => run(make),
    per: `floor, ${workload}`,
    ...(goals[Math.min(w, 2)] === undefined ? {} : { goal: w === 3 ? goals[0]! : goals[w]! }),
  })),
]);

const suite: BenchSuite = { operation: 'an allocation of 1 KiB and its free', cases };
export default suite;

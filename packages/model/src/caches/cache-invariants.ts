import { KMALLOC_MAX_CACHE_SIZE, SLAB_CACHE_DMA, SLAB_CACHE_DMA32 } from '@mm/kmem';
import { ArrayWord, NodeWord as SlabNode, SlabCache, activeOf, readSlabCounts } from '@mm/slab';
import { SlubCache, inuseOf, objectsOf } from '@mm/slub';

import { ModelViolation } from '../model-violation.js';
import type { CacheWalks } from './cache-walks.js';
import type { CacheWorld, OpenUser } from './cache-world.js';
import { checkObjectBytes } from './object-bytes.js';
import type { CacheUser } from './object-model.js';

/** Something that must hold of caches whenever nothing is under way. */
export interface RestingInvariant {
  /** What must hold, as a sentence. */
  readonly name: string;
  /** The same as an equation. */
  readonly equation: string;
  /** @throws ModelViolation when it does not. */
  readonly check: (world: CacheWorld, walks: CacheWalks) => void;
}

/** What the frames of a cache's slabs say: the slabs' own words alone, whatever lists say. */
interface Frames {
  slabs: number;
  /** Objects that fit its slabs, and those that are in use or in arrays. */
  total: number;
  active: number;
  activeSlabs: number;
  /** SLUB's slabs that no CPU holds and that have free objects; their objects in use, and free. */
  partial: number;
  partialInuse: number;
  partialFree: number;
  frozen: number;
}

function walkFrames({ kmem }: CacheWorld, slots: readonly number[], cache: SlubCache | SlabCache): Frames {
  const { frames, rcuSlabs } = kmem;
  const waiting = new Set(rcuSlabs);
  const sums = { ...NONE };
  for (const slot of slots) {
    if (waiting.has(slot)) continue;
    sums.slabs++;
    const word = frames.owner2[slot]!;
    if (cache instanceof SlabCache) {
      sums.total += cache.num;
      sums.active += activeOf(word);
      if (activeOf(word) > 0) sums.activeSlabs++;
      continue;
    }
    const free = objectsOf(word) - inuseOf(word);
    sums.total += objectsOf(word);
    if (word < 0) sums.frozen++;
    else if (free > 0) {
      sums.partial++;
      sums.partialInuse += inuseOf(word);
      sums.partialFree += free;
    }
  }
  return sums;
}

const NONE: Frames = {
  slabs: 0,
  total: 0,
  active: 0,
  activeSlabs: 0,
  partial: 0,
  partialInuse: 0,
  partialFree: 0,
  frozen: 0,
};

const caches = (world: CacheWorld): ReadonlyArray<SlubCache | SlabCache> => world.kmem.register.caches;

/** Those of which all must hold: not those that have written a slab off as somebody wrote into it. */
const whole = (world: CacheWorld): ReadonlyArray<SlubCache | SlabCache> =>
  world.damages.hurt.size === 0
    ? caches(world)
    : caches(world).filter((cache) => !world.damages.hurt.has(cache));

/** Of a cache with debugging, which no kmalloc shares. */
const isHurt = ({ damages }: CacheWorld, user: CacheUser): boolean =>
  damages.hurt.size > 0 && 'cache' in user && damages.hurt.has((user as OpenUser).cache);

function fail(name: string, what: string): never {
  throw new ModelViolation(name, what);
}

const structures: RestingInvariant = {
  name: 'the structures of the slab allocator agree with each other',
  equation:
    'objects of a slab = inuse + its free list; list lengths = counters; every slab is on the one list where it belongs',
  check(world, walks) {
    for (const cache of whole(world)) {
      // SLAB's debugging does not mend a free object, nor say so before it is used.
      if (world.damages.pending.has(cache)) continue;
      const { wrong } = walks.of(cache);
      if (wrong.length > 0) fail(structures.name, wrong[0]!);
    }
  },
};

const liveObjects: RestingInvariant = {
  name: 'objects in use = objects handed out',
  equation:
    'Σ over caches of (Σ inuse - free lists and arrays of CPUs) = objects that users hold + index lists',
  check(world, walks) {
    let live = 0;
    for (const cache of whole(world)) {
      const walk = walks.of(cache);
      live += walk.live;
      // An index list in another cache is an object that the allocator itself holds.
      if (cache instanceof SlabCache && cache.offSlab) live -= walk.slabs;
    }
    // What kmalloc serves by whole pages is in no slab.
    const held = world.model.live.filter(({ user, size }) =>
      user === world.heap ? size <= KMALLOC_MAX_CACHE_SIZE : !isHurt(world, user),
    ).length;
    if (live !== held) fail(liveObjects.name, `${live} and ${held}`);
  },
};

const bytes: RestingInvariant = {
  name: "a live object's bytes change only by its owner",
  equation: 'every byte of a live object = what its owner wrote, or its constructor',
  check(world) {
    for (const object of world.model.live) checkObjectBytes(world.machine, object);
  },
};

const counters: RestingInvariant = {
  name: 'counters are what the history says',
  equation: 'fastpath + slowpath = operations; alloc_slab - free_slab = slabs; see CounterModel',
  check: (world) => world.counters.check(!world.interleaved),
};

const texts: RestingInvariant = {
  name: 'what sysfs and slabinfo print is what a walk of the structures finds',
  equation:
    'objects = total_objects - free objects of partial slabs; partial, slabs = slabs counted; cpu_slabs <= frozen slabs',
  check(world, walks) {
    const named = new Map<string, number>();
    for (const { name } of caches(world)) named.set(name, (named.get(name) ?? 0) + 1);
    for (const cache of whole(world)) {
      const found = walkFrames(world, walks.slabs.get(cache.id) ?? [], cache);
      if (cache instanceof SlabCache) slabinfoIsTrue(cache, found);
      // A cache whose name another one of the same name took over has no directory.
      else if (named.get(cache.name) === 1) sysfsIsTrue(world, cache, found);
    }
  },
};

function sysfsIsTrue(world: CacheWorld, cache: SlubCache, walk: Frames): void {
  const read = (file: string): number =>
    Number.parseInt(world.machine.fs.readFileSync(`/sys/kernel/slab/${cache.uid}/${file}`, 'utf8'), 10);
  const wanted = {
    slabs: walk.slabs,
    total_objects: walk.total,
    objects: walk.total - walk.partialFree,
    objects_partial: walk.partialInuse,
    partial: walk.partial,
  };
  for (const [file, count] of Object.entries(wanted))
    if (read(file) !== count)
      fail(texts.name, `${cache.name}/${file} says ${read(file)}, the walk finds ${count}`);
  if (read('cpu_slabs') > walk.frozen)
    fail(texts.name, `${cache.name}/cpu_slabs says ${read('cpu_slabs')}, ${walk.frozen} slabs are frozen`);
}

function slabinfoIsTrue(cache: SlabCache, walk: Frames): void {
  const counts = readSlabCounts(cache);
  const wanted = {
    num_slabs: walk.slabs,
    num_objs: walk.total,
    active_objs: walk.active,
    active_slabs: walk.activeSlabs,
  };
  for (const [field, count] of Object.entries(wanted))
    if (counts[field as keyof typeof wanted] !== count)
      fail(
        texts.name,
        `${cache.name}: ${field} says ${counts[field as keyof typeof wanted]}, the walk finds ${count}`,
      );
}

const limits: RestingInvariant = {
  name: 'free objects are kept within their limits',
  equation: 'SLAB: 0 <= avail <= limit of every array; free_objects >= 0',
  check(world) {
    for (const cache of caches(world)) {
      if (!(cache instanceof SlabCache)) continue;
      for (const { words } of cache.arrays)
        if (words[ArrayWord.avail]! > words[ArrayWord.limit]!)
          fail(
            limits.name,
            `${cache.name}: an array holds ${words[ArrayWord.avail]} of ${words[ArrayWord.limit]}`,
          );
      if (cache.node[SlabNode.freeObjects]! < 0) fail(limits.name, `${cache.name}: free_objects below 0`);
    }
  },
};

const zones: RestingInvariant = {
  name: 'slabs of a cache lie in the zones that its flags allow',
  equation: 'zone of a slab <= zone of the cache: DMA where configured, DMA32 or below, any',
  check(world, walks) {
    const { preset } = world.machine;
    const { frames, caches: byId } = world.kmem;
    for (const [id, slots] of walks.slabs) {
      const cache = byId[id]!;
      let end = Infinity;
      if ((cache.flags & SLAB_CACHE_DMA) !== 0 && preset.config.dma) end = preset.dmaEnd;
      else if ((cache.flags & SLAB_CACHE_DMA32) !== 0 && preset.config.dma32) end = preset.dma32End;
      for (const slot of slots)
        if (frames.pfnOf(slot) * 4096 >= end)
          fail(zones.name, `${cache.name}: a slab at pfn ${frames.pfnOf(slot)}`);
    }
  },
};

const references: RestingInvariant = {
  name: 'references of a cache = its users',
  equation: 'refcount = users that share the cache (a cache that objects keep alive has none)',
  check(world) {
    const users = new Map<unknown, number>();
    for (const { cache } of world.users) users.set(cache, (users.get(cache) ?? 0) + 1);
    for (const [cache, count] of users) {
      const { refcount, name } = cache as SlubCache;
      if (refcount !== count) fail(references.name, `${name} has ${refcount} references and ${count} users`);
    }
  },
};

/** Every invariant of DESIGN.md section 7 that speaks of caches, beside those that each command checks of its own answer. */
export const RESTING_INVARIANTS: readonly RestingInvariant[] = [
  structures,
  liveObjects,
  bytes,
  counters,
  texts,
  limits,
  zones,
  references,
];

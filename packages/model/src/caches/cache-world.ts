import {
  type CacheRequest,
  KMALLOC_MAX_CACHE_SIZE,
  SLAB_CACHE_DMA,
  SLAB_CACHE_DMA32,
  SLAB_MERGE_SAME,
  SLAB_HWCACHE_ALIGN,
  SLAB_RECLAIM_ACCOUNT,
  SLAB_TYPESAFE_BY_RCU,
  hasCacheDma32,
} from '@mm/kmem';
import type { AnyCache, KmemSystem, Machine } from '@mm/machine';
import { PageFlag, orderOfFlags } from '@mm/memory';
import { SlabCache, walkSlab } from '@mm/slab';
import { walkSlub } from '@mm/slub';

import { type BuddyWorld, buddyWorld, checkFailure } from '../buddy/buddy-world.js';
import { ModelViolation } from '../model-violation.js';
import type { Op, WorldOptions } from '../subsystem.js';
import { type CacheUser, type LiveObject, ObjectModel } from './object-model.js';

/** A user and the cache that serves them. */
export interface OpenUser extends CacheUser {
  readonly cache: AnyCache;
  readonly flags: number;
  /** Commands that are using the cache now; it is not destroyed under them. */
  inFlight: number;
}

/** A real machine with its slab allocator, and the model of its objects. */
export interface CacheWorld {
  readonly machine: Machine;
  readonly kmem: KmemSystem;
  readonly model: ObjectModel;
  /** Blocks of pages that are taken to make memory short. */
  readonly buddy: BuddyWorld;
  readonly users: OpenUser[];
  /** Users so far, for their names. */
  made: number;
  /** The user of kmalloc. */
  readonly heap: CacheUser;
  /** Commands under way. */
  inFlight: number;
  /** Caches that are being made. */
  creating: number;
  /** The CPU that is offline, on which nothing runs; -1: none. */
  offline: number;
}

const GiB4 = 2 ** 32;

/** Caches that a world has at most. */
export const USERS_MAX = 8;

/**
 * A machine that has just booted, and a model in which nobody holds an object.
 * @example
 * const { machine, model } = cacheWorld({ cpus: 2 }, 'slub');
 */
export function cacheWorld(options: WorldOptions, slab: 'slub' | 'slab'): CacheWorld {
  const buddy = buddyWorld(options, slab);
  const { machine } = buddy;
  return {
    machine,
    kmem: machine.kmem,
    model: new ObjectModel(),
    buddy,
    users: [],
    made: 0,
    heap: { name: 'kmalloc', size: 0, align: 4, below: Infinity, constructed: 0 },
    inFlight: 0,
    creating: 0,
    offline: -1,
  };
}

const SIZES = [8, 24, 64, 100, 192, 256, 512, 1000, 1024, 2048, 4000, 8192] as const;
const ALIGNS = [0, 0, 8, 64, 1024] as const;
const KINDS = ['plain', 'device', 'reclaim', 'rcu', 'hwcache', 'constructed', 'dma'] as const;

/** The word that constructors write. */
const CONSTRUCTED = 0x5ca1ab1e;

/** The request that an operation's numbers stand for. A device's tables are asked for most often. */
export function requestOf(op: Op): { kind: (typeof KINDS)[number]; size: number; align: number } {
  const kind = KINDS[op.a % (KINDS.length + 3)] ?? 'device';
  const size = kind === 'device' ? 1024 : SIZES[op.b % SIZES.length]!;
  const align = kind === 'device' ? 1024 : ALIGNS[(op.b >>> 4) % ALIGNS.length]!;
  return { kind, size, align };
}

/**
 * What one more user asks for. A device needs its tables below 4 GiB and asks for them as its driver does under the
 * series: for DMA32 where that is there, else for DMA.
 */
export function userRequest(world: CacheWorld, op: Op): Required<Pick<CacheRequest, 'flags'>> & CacheRequest {
  const { machine } = world;
  const { kind, size, align } = requestOf(op);
  const { dma32 } = machine.preset.config;
  const flags = {
    plain: 0,
    device: hasCacheDma32(machine.series) && dma32 ? SLAB_CACHE_DMA32 : SLAB_CACHE_DMA,
    reclaim: SLAB_RECLAIM_ACCOUNT,
    rcu: SLAB_TYPESAFE_BY_RCU,
    hwcache: SLAB_HWCACHE_ALIGN,
    constructed: 0,
    dma: SLAB_CACHE_DMA,
  }[kind];
  const constructed = kind === 'constructed' ? CONSTRUCTED : 0;
  const ctor =
    constructed === 0 ? null : (object: number): void => machine.memory.write32(object, constructed);
  return { name: `user-${world.made++}`, size, align, flags, ctor };
}

/** A user has got a cache. @throws ModelViolation */
export function openUser(
  world: CacheWorld,
  op: Op,
  { name, size, align = 0, flags, ctor }: ReturnType<typeof userRequest>,
  cache: AnyCache | null,
): void {
  const { machine } = world;
  const { kind } = requestOf(op);
  const { dma } = machine.preset.config;
  const constructed = ctor === null ? 0 : CONSTRUCTED;
  if (cache === null) throw new ModelViolation('a good request gets a cache', `${name} of ${size} bytes`);
  const zoneDmaEnd = dma ? machine.preset.dmaEnd : Infinity;
  const below = kind === 'device' ? GiB4 : kind === 'dma' ? zoneDmaEnd : Infinity;
  const user = {
    name,
    size,
    align: Math.max(align, 4),
    below,
    constructed,
    cache,
    flags,
    inFlight: 0,
  };
  checkSharing(world, user);
  world.users.push(user);
}

/** Users share a cache only when they ask for the same zone, and neither has a constructor. */
function checkSharing(world: CacheWorld, user: OpenUser): void {
  for (const other of world.users) {
    if (other.cache !== user.cache) continue;
    if (((other.flags ^ user.flags) & SLAB_MERGE_SAME) !== 0)
      throw new ModelViolation(
        'caches of different zones are never merged',
        `${other.name} and ${user.name}`,
      );
    if (other.constructed !== 0 || user.constructed !== 0)
      throw new ModelViolation(
        'caches with a constructor are never merged',
        `${other.name} and ${user.name}`,
      );
  }
}

/** Notes an object that was handed out; its owner writes into it. @throws ModelViolation */
export function received(
  world: CacheWorld,
  user: CacheUser,
  address: number,
  size: number,
  zeroed: boolean,
): void {
  const { memory } = world.machine;
  const object = world.model.allocated(address, user, size);
  const last = lastWord(object);
  if (zeroed && (memory.read32(address) !== 0 || memory.read32(last) !== 0))
    throw new ModelViolation('an object asked for with __GFP_ZERO is zero', `0x${address.toString(16)}`);
  if (user.constructed !== 0 && memory.read32(address) !== user.constructed >>> 0)
    throw new ModelViolation('an object is as its constructor left it', `0x${address.toString(16)}`);
  if (user.constructed === 0) memory.write32(address, object.stamp);
  if (last !== address) memory.write32(last, object.stamp);
}

const lastWord = ({ address, size }: LiveObject): number => address + Math.max(0, (size & ~3) - 4);

/** @throws ModelViolation when somebody else wrote into the object. */
export function checkBytes({ machine }: CacheWorld, object: LiveObject): void {
  const { memory } = machine;
  const last = lastWord(object);
  const first = object.user.constructed === 0 ? object.stamp : object.user.constructed;
  const wanted = last === object.address ? first : object.stamp;
  if (memory.read32(object.address) !== first >>> 0 || memory.read32(last) !== wanted >>> 0)
    throw new ModelViolation(
      "a live object's bytes change only by its owner",
      `0x${object.address.toString(16)} of ${object.user.name}`,
    );
}

/**
 * A slab's least order is one page: it must be found while enough of the right memory is free.
 * @throws ModelViolation when a failure was not due.
 */
export function checkSlabFailure(world: CacheWorld, cache: AnyCache, gfp: number): void {
  if ((cache instanceof SlabCache ? cache.order : cache.minOrder) !== 0) return;
  const { frames } = world.kmem;
  const { held } = world.buddy.model;
  const before = [...held];
  for (let slot = 0; slot < frames.slotCount; slot++)
    if ((frames.flags[slot]! & PageFlag.slab) !== 0)
      held[frames.zone[slot]!]! += 2 ** orderOfFlags(frames.flags[slot]!);
  try {
    checkFailure(world.buddy, (gfp & ~0xf) | (cache.allocFlags & 0xf));
  } finally {
    before.forEach((pages, zone) => (held[zone] = pages));
  }
}

/** Every slab, list, pointer and counter of every cache, and every byte that an owner wrote. @throws ModelViolation */
export function checkCachesWhole(world: CacheWorld): void {
  let live = 0;
  for (const cache of world.kmem.register.caches) {
    const walk = cache instanceof SlabCache ? walkSlab(cache) : walkSlub(cache);
    if (walk.wrong.length > 0)
      throw new ModelViolation('the structures of the slab allocator agree with each other', walk.wrong[0]!);
    live += walk.live;
    // An index list in another cache is an object that the allocator itself holds.
    if (cache instanceof SlabCache && cache.offSlab) live -= walk.slabs;
  }
  // What kmalloc serves by whole pages is in no slab.
  const inSlabs = world.model.live.filter(
    ({ user, size }) => user !== world.heap || size <= KMALLOC_MAX_CACHE_SIZE,
  );
  if (live !== inSlabs.length)
    throw new ModelViolation('objects in use = objects handed out', `${live} and ${inSlabs.length}`);
  for (const object of world.model.live) checkBytes(world, object);
}

/** The cheap invariants. @throws ModelViolation */
export function checkCachesLocal(world: CacheWorld): void {
  for (const { cache, name } of world.users)
    if (!cache.alive || cache.refcount < 1)
      throw new ModelViolation(
        'a cache lives as long as it has users',
        `${name}: ${cache.refcount} references`,
      );
}

/** The state in words: users, objects, and what each cache has. */
export function describeCaches(world: CacheWorld): Record<string, string | number> {
  const state: Record<string, string | number> = {
    users: world.users.map(({ name, cache }) => `${name} of ${cache.name}`).join(', ') || 'none',
    'objects held': world.model.live.length,
    'blocks held': world.buddy.model.live.length,
  };
  for (const cache of new Set(world.users.map((user) => user.cache))) {
    const { live, slabs, wrong } = cache instanceof SlabCache ? walkSlab(cache) : walkSlub(cache);
    state[`${cache.name} slabs`] = slabs;
    state[`${cache.name} objects in use`] = live;
    state[`${cache.name} structures`] = wrong[0] ?? 'agree';
  }
  return state;
}

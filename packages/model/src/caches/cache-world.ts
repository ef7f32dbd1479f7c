import {
  type CacheRequest,
  SLAB_CACHE_DMA,
  SLAB_CACHE_DMA32,
  SLAB_MERGE_SAME,
  SLAB_NEVER_MERGE,
  SLAB_HWCACHE_ALIGN,
  SLAB_CONSISTENCY_CHECKS,
  SLAB_DEBUG_FLAGS,
  SLAB_POISON,
  SLAB_RECLAIM_ACCOUNT,
  SLAB_RED_ZONE,
  SLAB_STORE_USER,
  SLAB_TYPESAFE_BY_RCU,
  hasCacheDma32,
} from '@mm/kmem';
import type { AnyCache, KmemSystem, Machine } from '@mm/machine';
import { SlabCache, walkSlab } from '@mm/slab';
import { walkSlub } from '@mm/slub';

import { type BuddyWorld, buddyWorld, checkSlab } from '../buddy/buddy-world.js';
import { checkWorldOptions } from '../engine/check-world-options.js';
import { ModelViolation } from '../model-violation.js';
import type { Op, WorldOptions } from '../subsystem.js';
import { RESTING_INVARIANTS } from './cache-invariants.js';
import { CacheWalks } from './cache-walks.js';
import { CounterModel } from './counter-model.js';
import { Damages, checkReported } from './damage.js';
import { fillObject, isZeroed } from './object-bytes.js';
import { type CacheUser, ObjectModel } from './object-model.js';
import { watchFaults } from './note-history.js';
import { PageRequests } from './page-requests.js';
import { Partings } from './partings.js';
import { TypesafeMemory } from './typesafe-memory.js';

/** A user and the cache that serves them. */
export interface OpenUser extends CacheUser {
  readonly cache: AnyCache;
  readonly flags: number;
  /** A write behind an object is noticed when it is freed. */
  readonly redZone: boolean;
  /** Commands that are using the cache now; it is not destroyed under them. */
  inFlight: number;
}

/** A real machine with its slab allocator, and the model of its objects. */
export interface CacheWorld {
  readonly machine: Machine;
  readonly kmem: KmemSystem;
  readonly model: ObjectModel;
  /** What SLUB's counters must say. */
  readonly counters: CounterModel;
  /** Who asks for an object in the step that is made now; null: nobody for one of a user's cache. */
  readonly asking: { cache: AnyCache | null; cpu: number };
  /** What reaches the page allocator. */
  readonly requests: PageRequests;
  /** Commands ran against each other. */
  interleaved: boolean;
  /** Blocks of pages that are taken to make memory short. */
  readonly buddy: BuddyWorld;
  readonly users: OpenUser[];
  /** Users so far, for their names. */
  made: number;
  /** The user of kmalloc. */
  readonly heap: CacheUser;
  /** Commands under way. */
  inFlight: number;
  /** Commands under way that call every CPU. */
  calling: number;
  /** The live object that is looked at next after a fault: see `checkAllKept`. */
  keptFrom: number;
  /** Caches that are being made. */
  creating: number;
  /** Caches that are being given up now, and that were or are, ever. */
  destroying: number;
  destroys: number;
  /** Who takes caches apart, and whose objects come back meanwhile. */
  readonly partings: Partings;
  /** Freed memory that nobody else may have yet. */
  readonly typesafe: TypesafeMemory;
  /** Programs write into free objects. */
  readonly corrupt: boolean;
  /** What was written into free objects. */
  readonly damages: Damages;
  /** The CPU that goes offline, is, or comes back, on which nothing begins; -1: none. */
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
  checkWorldOptions(options, 'options');
  checkSlab(slab);
  const buddy = buddyWorld(options, slab);
  const { machine } = buddy;
  const damages = new Damages();
  const world: CacheWorld = {
    machine,
    kmem: machine.kmem,
    asking: { cache: null, cpu: 0 },
    model: new ObjectModel(),
    counters: new CounterModel(machine.cpus),
    requests: new PageRequests(machine, damages),
    corrupt: options.corrupt === true,
    damages,
    interleaved: false,
    buddy,
    users: [],
    made: 0,
    heap: { name: 'kmalloc', size: 0, align: 4, below: Infinity, constructed: 0 },
    inFlight: 0,
    calling: 0,
    keptFrom: 0,
    creating: 0,
    destroying: 0,
    destroys: 0,
    partings: new Partings(),
    typesafe: new TypesafeMemory(),
    offline: -1,
  };
  watchFaults(world);
  return world;
}

const SIZES = [8, 24, 64, 100, 192, 256, 512, 1000, 1024, 2048, 4000, 8192] as const;
const ALIGNS = [0, 0, 8, 64, 1024] as const;
const KINDS = [
  'plain',
  'device',
  'reclaim',
  'rcu',
  'hwcache',
  'constructed',
  'dma',
  'dma32',
  'debugged',
  'usercopy',
] as const;

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
    dma32: hasCacheDma32(machine.series) ? SLAB_CACHE_DMA32 : 0,
    debugged: SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_CONSISTENCY_CHECKS,
    usercopy: 0,
  }[kind];
  const constructed = kind === 'constructed' ? CONSTRUCTED : 0;
  const ctor =
    constructed === 0 ? null : (object: number): void => machine.memory.write32(object, constructed);
  const usersize = kind === 'usercopy' ? size : 0;
  return { name: `user-${world.made++}`, size, align, flags, usersize, ctor };
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
  const { dma, dma32 } = machine.preset.config;
  const constructed = ctor === null ? 0 : CONSTRUCTED;
  if (cache === null) throw new ModelViolation('a good request gets a cache', `${name} of ${size} bytes`);
  const zoneDmaEnd = dma ? machine.preset.dmaEnd : Infinity;
  const zoneDma32End = dma32 && hasCacheDma32(machine.series) ? machine.preset.dma32End : Infinity;
  const limits: Partial<Record<typeof kind, number>> = { device: GiB4, dma: zoneDmaEnd, dma32: zoneDma32End };
  const below = limits[kind] ?? Infinity;
  // SLUB looks at the red zone of a freed object only where it checks consistency.
  const noticed = cache instanceof SlabCache ? SLAB_RED_ZONE : SLAB_RED_ZONE | SLAB_CONSISTENCY_CHECKS;
  const user = {
    name,
    size,
    align: Math.max(align, 4),
    below,
    constructed,
    cache,
    flags,
    redZone: size > 0 && (cache.flags & noticed) === noticed,
    inFlight: 0,
  };
  checkSharing(world, user);
  world.users.push(user);
}

/** SLAB without DEBUG_SLAB takes no notice of flags of debugging. */
const effective = ({ cache, flags }: OpenUser): number =>
  cache instanceof SlabCache && !cache.system.debug ? flags & ~SLAB_DEBUG_FLAGS : flags;

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
    if (((effective(other) | effective(user)) & SLAB_NEVER_MERGE) !== 0)
      throw new ModelViolation(
        'caches with debugging, or freed after a grace period, are never merged',
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
  const { machine, model } = world;
  const { memory } = machine;
  if ('cache' in user) checkReported(world, (user as OpenUser).cache, address);
  const object = model.allocated(address, user, size);
  world.typesafe.taken(address, size, 'cache' in user ? (user as OpenUser).cache : null);
  if (zeroed && !isZeroed(machine, address, size))
    throw new ModelViolation('an object asked for with __GFP_ZERO is zero', `0x${address.toString(16)}`);
  if (user.constructed !== 0 && memory.read32(address) !== user.constructed >>> 0)
    throw new ModelViolation('an object is as its constructor left it', `0x${address.toString(16)}`);
  fillObject(machine, object);
}

/** Every slab, list, pointer, counter and text of every cache, and every byte that an owner wrote. @throws ModelViolation */
export function checkCachesWhole(world: CacheWorld): void {
  if (world.damages.undefined) return;
  const walks = new CacheWalks(world);
  for (const { check } of RESTING_INVARIANTS) check(world, walks);
}

/** The cheap invariants. @throws ModelViolation */
export function checkCachesLocal(world: CacheWorld, underWay: number): void {
  if (world.damages.undefined) return;
  // What a command that is under way was due to warn of may not be said yet.
  if (underWay === 0) world.requests.checkLog();
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

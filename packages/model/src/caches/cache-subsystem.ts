import { MisuseError } from '@mm/buddy';
import { HoleError } from '@mm/memory';
import { KernelBug } from '@mm/printk';
import { SlabSystem } from '@mm/slab';
import type { Context, Steps } from '@mm/steps';
import { formatGfp } from '@mm/zones';

import { KernelCrash } from '../engine/kernel-crash.js';
import * as erasedLives from '../erased/cache-life-commands.js';
import * as erasedPages from '../erased/cache-page-commands.js';
import * as erasedUpkeep from '../erased/cache-upkeep-commands.js';
import { onDamaged, writeToFree } from '../erased/damaged-commands.js';
import * as erasedObjects from '../erased/object-commands.js';
import * as erasedWrongs from '../erased/wrong-commands.js';
import * as steppedLives from '../stepped/cache-life-commands.js';
import * as steppedPages from '../stepped/cache-page-commands.js';
import * as steppedUpkeep from '../stepped/cache-upkeep-commands.js';
import { onDamaged as onDamagedSteps, writeToFree as writeToFreeSteps } from '../stepped/damaged-commands.js';
import * as steppedObjects from '../stepped/object-commands.js';
import * as steppedWrongs from '../stepped/wrong-commands.js';
import {
  type Answer,
  type Command,
  FAULT_OPTIONS,
  type Invariants,
  NOTHING_TO_DO,
  type Op,
  type Subsystem,
} from '../subsystem.js';
import {
  badRequest,
  badWrite,
  arrayTuning,
  attributeWrite,
  counterOf,
  gfpOf,
  kmallocArguments,
  pageArguments,
} from './cache-arguments.js';
import { RESTING_INVARIANTS } from './cache-invariants.js';
import { describeCorruption, withCorruption } from './corruption.js';
import { REPORTED } from './damage.js';
import { KEPT } from './kept-objects.js';
import {
  type CacheWorld,
  checkCachesLocal,
  checkCachesWhole,
  describeCaches,
  requestOf,
  cacheWorld,
} from './cache-world.js';

const erased = {
  ...erasedLives,
  ...erasedObjects,
  ...erasedUpkeep,
  ...erasedPages,
  ...erasedWrongs,
  writeToFree,
};
const stepped = {
  ...steppedLives,
  ...steppedObjects,
  ...steppedUpkeep,
  ...steppedPages,
  ...steppedWrongs,
  writeToFree: writeToFreeSteps,
};

type Name = keyof typeof stepped;

const always = (): boolean => true;
const someUser = (world: CacheWorld): boolean => world.users.length > 0;
const someObject = (world: CacheWorld): boolean => world.model.live.length > 0;
const bySomeUser = (world: CacheWorld): boolean => someUser(world) && someObject(world);

const which = (op: Op): string => `user #${op.a}`;
const object = (op: Op): string => `object #${op.a}`;
const allocation = (op: Op): string => `${which(op)}, ${formatGfp(gfpOf(op))}`;
const nothing = (): string => '';

function request(op: Op): string {
  const { kind, size, align } = requestOf(op);
  return `${kind}, ${size} bytes, alignment ${align}`;
}

function pages(op: Op): string {
  const { gfp, order } = pageArguments(op);
  return `${formatGfp(gfp)}, order ${order}`;
}

/**
 * Commands of SLAB that call every CPU. The call cannot be preempted, and a CPU goes away only when nobody is in such a part: so
 * neither begins in the midst of the other. SLUB's work on every CPU keeps the CPUs from going by a lock.
 */
const CALLING: ReadonlySet<Name> = new Set<Name>([
  'shrinkCache',
  'flushCache',
  'tuneCache',
  'destroyCache',
  'abandonCache',
]);

const waitsForCalls = (world: CacheWorld, name: Name): boolean =>
  world.kmem instanceof SlabSystem &&
  (CALLING.has(name) ? world.offline !== -1 : name === 'cpuGoesOffline' && world.calling > 0);

/**
 * How a command ends on a machine whose free lists lead anywhere, and the run with it: in a crash of the kernel, or where a strict
 * machine refuses a wild address, which may be in the midst of something. An address without memory is what the kernel takes a page
 * fault at.
 */
function crashOf(error: unknown): unknown {
  if (error instanceof KernelBug || error instanceof HoleError || error instanceof MisuseError)
    return new KernelCrash(error);
  return error;
}

function run(damaged: () => Answer): Answer {
  try {
    return damaged();
  } catch (error) {
    throw crashOf(error);
  }
}

function* damagedSteps(world: CacheWorld, ctx: Context, op: Op, name: Name): Steps<Answer> {
  try {
    return yield* onDamagedSteps(world, ctx, op, name);
  } catch (error) {
    throw crashOf(error);
  }
}

/** Commands that answer an address. */
const ADDRESSES: ReadonlySet<Name> = new Set<Name>([
  'allocObject',
  'freeObject',
  'kmalloc',
  'misuse',
  'writeToFree',
]);

function command(
  name: Name,
  weight: number,
  enabled: (world: CacheWorld) => boolean,
  words: (op: Op) => string,
): Command<CacheWorld> {
  return {
    name,
    weight,
    enabled,
    pinned: name === 'cpuGoesOffline',
    run(world, ctx, op) {
      if (world.damages.undefined) return run(() => onDamaged(world, ctx, op, name));
      return erased[name](world, ctx, op);
    },
    *steps(world, ctx, op) {
      if (world.offline === ctx.cpu || waitsForCalls(world, name)) return NOTHING_TO_DO;
      const calling = CALLING.has(name) ? 1 : 0;
      world.inFlight++;
      world.calling += calling;
      world.interleaved = true;
      const answer = world.damages.undefined
        ? yield* damagedSteps(world, ctx, op, name)
        : yield* stepped[name](world, ctx, op);
      world.inFlight--;
      world.calling -= calling;
      return answer;
    },
    describe: (op) => `${name}(${words(op)})`,
    describeAnswer: (answer) => (ADDRESSES.has(name) ? `0x${answer.toString(16)}` : `${answer}`),
  };
}

function tuning(slab: 'slub' | 'slab', op: Op): string {
  if (slab === 'slab') return Object.values(arrayTuning(op)).join(' ');
  const { name, text } = attributeWrite(op);
  return `${name} = ${text.trim()}`;
}

/** What can be done to the caches of a machine with either allocator. */
export const cacheCommands = (slab: 'slub' | 'slab'): Command<CacheWorld>[] => [
  command('createCache', 20, (world) => world.users.length < 8, request),
  command('destroyCache', 5, someUser, which),
  command('askWrongly', 2, always, (op) => Object.values(badRequest(op)).join(' bytes, flags ')),
  command('allocObject', 420, someUser, allocation),
  command('freeObject', 380, someObject, object),
  command('allocObjects', 20, someUser, (op) => `${allocation(op)}, ${1 + (op.b % 24)} objects`),
  command('freeObjects', 20, bySomeUser, (op) => `${which(op)}, at most ${1 + (op.b % 32)}`),
  command(
    'kmalloc',
    40,
    always,
    (op) => `${kmallocArguments(op).size}, ${formatGfp(kmallocArguments(op).gfp)}`,
  ),
  command('kfreeObjects', 4, someObject, (op) => `at most ${1 + (op.b % 32)}`),
  command('shrinkCache', 6, someUser, which),
  command('flushCache', 6, someUser, which),
  command('tuneCache', 6, someUser, (op) => `${which(op)}, ${tuning(slab, op)}`),
  ...(slab === 'slub'
    ? [
        command('writeWrongly', 2, someUser, (op) => badWrite(op).slice(0, 2).join(' = ')),
        command('clearCounter', 2, someUser, (op) => `${which(op)}, ${counterOf(op)}`),
      ]
    : []),
  ...(slab === 'slab' ? [command('reapCache', 6, someUser, which)] : []),
  command('gracePeriodEnds', 6, always, nothing),
  command('cpuGoesOffline', 4, always, (op) => `CPU #${op.a}`),
  command('takePages', 8, always, pages),
  command(
    'givePages',
    10,
    (world) => world.buddy.model.live.length > 0,
    (op) => `from #${op.a}`,
  ),
  command('misuse', 4, (world) => world.machine.pages.strict && someObject(world), object),
];

/** What users do who leak, and who write where they must not. */
const wrongCommands: readonly Command<CacheWorld>[] = [
  command('abandonCache', 1, bySomeUser, which),
  command('overrunObject', 4, someObject, object),
  command('writeToFree', 6, (world) => world.corrupt && someUser(world), which),
];

/** What holds of caches and their objects. */
export const CACHE_INVARIANTS: Invariants = {
  command: [
    'no live object overlaps another',
    'freed memory of a typesafe cache stays of its type until a grace period has passed',
    'an object is aligned as its cache says',
    // The address follows: of 4 GiB, or the end of ZONE_DMA.
    'objects of a cache made for DMA lie below',
    "a live object's bytes change only by its owner",
    'an object asked for with __GFP_ZERO is zero',
    'an object is as its constructor left it',
    'an allocation does not fail while enough of the right memory is free',
    'a bulk allocation gives all or none',
    'kmalloc gives what was asked for',
    'a good request gets a cache',
    'caches of different zones are never merged',
    'caches with a constructor are never merged',
    'caches with debugging, or freed after a grace period, are never merged',
    'the flags that reach the page allocator are those of the formula',
    'a request that cannot be served gets null',
    'a refused request is said in the log',
    'a cache with live objects is not destroyed',
    'live objects of a destroyed cache are reported',
    'a write behind an object is reported when it is freed',
    'a bad value is refused',
    REPORTED,
    'a cache without objects can be destroyed',
    'a good value can be written',
    'a counter that is cleared is zero',
    'good tunables can be written',
    'a strict machine refuses misuse',
    'a CPU that is offline holds nothing',
    KEPT,
    'no page has two owners',
    'a block is aligned to its size',
    'a block lies inside one zone',
    'a block comes from a zone that the flags allow',
    "a block's bytes change only by its owner",
  ],
  local: [
    'a cache lives as long as it has users',
    'forbidden flags are warned of where a slab is grown, and nowhere else',
  ],
  whole: RESTING_INVARIANTS.map(({ name }) => name),
};

function cacheSubsystem(slab: 'slub' | 'slab'): Subsystem<CacheWorld> {
  return {
    name: slab,
    invariants: CACHE_INVARIANTS,
    commands: [...cacheCommands(slab), ...wrongCommands],
    faults: () => FAULT_OPTIONS,
    setup: (options) => cacheWorld(options, slab),
    vary: (options, seed) => withCorruption(options, seed, slab),
    describeWorld: describeCorruption,
    cellsOf: (world) => world.machine.cells,
    checkLocal: checkCachesLocal,
    checkWhole: checkCachesWhole,
    describeState: describeCaches,
  };
}

/** SLUB of `@mm/slub` under random users, exhaustion, shrinking, tuning, and CPUs that come and go. */
export const slubSubsystem: Subsystem<CacheWorld> = cacheSubsystem('slub');

/** SLAB of `@mm/slab` under the same, and the kernel's periodic reaping. */
export const slabSubsystem: Subsystem<CacheWorld> = cacheSubsystem('slab');

import { formatGfp } from '@mm/zones';

import * as erased from '../erased/cache-commands.js';
import * as stepped from '../stepped/cache-commands.js';
import type { Command, Op, Subsystem } from '../subsystem.js';
import { arrayTuning, attributeWrite, gfpOf, kmallocArguments, pageArguments } from './cache-arguments.js';
import { type CacheWorld, checkCachesLocal, checkCachesWhole, requestOf, cacheWorld } from './cache-world.js';

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
    run(world, ctx, op) {
      erased[name](world, ctx, op);
    },
    *steps(world, ctx, op) {
      if (world.offline === ctx.cpu) return;
      world.inFlight++;
      yield* stepped[name](world, ctx, op);
      world.inFlight--;
    },
    describe: (op) => `${name}(${words(op)})`,
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
  command('shrinkCache', 6, someUser, which),
  command('flushCache', 6, someUser, which),
  command('tuneCache', 6, someUser, (op) => `${which(op)}, ${tuning(slab, op)}`),
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

function cacheSubsystem(slab: 'slub' | 'slab'): Subsystem<CacheWorld> {
  return {
    name: slab,
    commands: cacheCommands(slab),
    setup: (options) => cacheWorld(options, slab),
    cellsOf: (world) => world.machine.cells,
    checkLocal: checkCachesLocal,
    checkWhole: checkCachesWhole,
    checks: { local: 1, whole: 3 },
  };
}

/** SLUB of `@mm/slub` under random users, exhaustion, shrinking, tuning, and CPUs that come and go. */
export const slubSubsystem: Subsystem<CacheWorld> = cacheSubsystem('slub');

/** SLAB of `@mm/slab` under the same, and the kernel's periodic reaping. */
export const slabSubsystem: Subsystem<CacheWorld> = cacheSubsystem('slab');

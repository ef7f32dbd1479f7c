import { formatGfp } from '@mm/zones';

import * as erased from '../erased/slub-commands.js';
import * as stepped from '../stepped/slub-commands.js';
import type { Command, Op, Subsystem } from '../subsystem.js';
import { attributeWrite, gfpOf, kmallocArguments, pageArguments } from './slub-arguments.js';
import { type SlubWorld, checkSlubLocal, checkSlubWhole, requestOf, slubWorld } from './slub-world.js';

type Name = keyof typeof stepped;

const always = (): boolean => true;
const someUser = (world: SlubWorld): boolean => world.users.length > 0;
const someObject = (world: SlubWorld): boolean => world.model.live.length > 0;
const bySomeUser = (world: SlubWorld): boolean => someUser(world) && someObject(world);

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
  enabled: (world: SlubWorld) => boolean,
  words: (op: Op) => string,
): Command<SlubWorld> {
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

/** SLUB of `@mm/slub` under random users, exhaustion, shrinking, tuning, and CPUs that come and go. */
export const slubSubsystem: Subsystem<SlubWorld> = {
  name: 'slub',
  commands: [
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
    command(
      'tuneCache',
      6,
      someUser,
      (op) => `${which(op)}, ${attributeWrite(op).name} = ${attributeWrite(op).text.trim()}`,
    ),
    command('gracePeriodEnds', 6, always, nothing),
    command('cpuGoesOffline', 4, always, (op) => `CPU #${op.a}`),
    command('takePages', 8, always, pages),
    command(
      'givePages',
      10,
      (world) => world.buddy.model.live.length > 0,
      (op) => `from #${op.a}`,
    ),
    command('misuse', 4, someObject, object),
  ],
  setup: slubWorld,
  cellsOf: (world) => world.machine.cells,
  checkLocal: checkSlubLocal,
  checkWhole: checkSlubWhole,
  checks: { local: 1, whole: 3 },
};

import { allocPages, freePages } from '@mm/buddy/stepped';
import type { Context, Steps } from '@mm/steps/stepped';

import { checkStamp } from '../buddy/buddy-world.js';
import { pageArguments } from '../caches/cache-arguments.js';
import type { CacheWorld } from '../caches/cache-world.js';
import type { Answer, Op } from '../subsystem.js';

/* Whole pages, which make memory short for caches. */

/** Takes blocks of pages until there are no more, at most 64. */
export function* takePages(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const { machine, model } = world.buddy;
  const { gfp, order } = pageArguments(op);
  let taken = 0;
  for (; taken < 64; taken++) {
    const pfn = yield* allocPages(ctx, machine.pages, gfp, order);
    if (pfn === null) break;
    model.allocated(pfn, order, gfp);
    world.typesafe.taken(pfn * 4096, 4096 << order, null);
  }
  return taken;
}

/** Gives up to 128 blocks of pages back. */
export function* givePages(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const { model, machine } = world.buddy;
  let given = 0;
  for (; given < 128 && model.live.length > 0; given++) {
    const block = model.release(op.a + given);
    checkStamp(world.buddy, block.pfn, block.stamp);
    yield* freePages(ctx, machine.pages, block.pfn, block.order);
  }
  return given;
}

import { MigrateType, MisuseError, splitPage } from '@mm/buddy';
import {
  allocPages,
  allocPagesBulk,
  drainAllPages,
  drainLocalPages,
  freePages,
  isolatePageblock,
  unisolatePageblock,
} from '@mm/buddy/stepped';
import { OptionError } from '@mm/printk';
import type { Context, Steps } from '@mm/steps/stepped';
import { VM_SYSCTLS } from '@mm/zones';

import { beginsNow, checkFailure } from '../buddy/allocation-failure.js';
import { type BuddyWorld, ISOLATED_PAGES, checkStamp } from '../buddy/buddy-world.js';
import { allocArguments, bulkArguments, sysctlText } from '../buddy/op-arguments.js';
import { ModelViolation } from '../model-violation.js';
import { type Answer, NOTHING_TO_DO, type Op } from '../subsystem.js';

const isZero = ({ machine: { memory } }: BuddyWorld, pfn: number, other: number): boolean =>
  memory.read32(pfn * 4096) === 0 && memory.read32(other) === 0;

/** Takes a block; a zeroed one must be zero, a single page must not fail early. */
export function* allocBlock(world: BuddyWorld, ctx: Context, op: Op): Steps<Answer> {
  const { gfp, order } = allocArguments(op);
  const { machine, model } = world;
  const since = beginsNow(world);
  const pfn = yield* allocPages(ctx, machine.pages, gfp, order);
  if (pfn === null) {
    if (order === 0) checkFailure(world, gfp, since);
    return null;
  }
  const block = model.allocated(pfn, order, gfp);
  // Owners write their first word; one more is looked at by chance.
  if ((gfp & 0x100) !== 0 && !isZero(world, pfn, (pfn + (op.b % (1 << order))) * 4096 + (op.b & 0xffc)))
    throw new ModelViolation('memory asked for with __GFP_ZERO is zero', `pfn ${pfn} of order ${order}`);
  // Some owners write: the stamp must still be there when they give the block back.
  if ((op.b & 3) === 0) {
    world.stamps++;
    block.stamp = world.stamps;
    machine.memory.write32(pfn * 4096, block.stamp);
  }
  return pfn;
}

/** Gives a block back. */
export function* freeBlock(world: BuddyWorld, ctx: Context, op: Op): Steps<Answer> {
  const block = world.model.release(op.a);
  checkStamp(world, block.pfn, block.stamp);
  yield* freePages(ctx, world.machine.pages, block.pfn, block.order);
  return block.pfn;
}

/** Takes several single pages at once. */
export function* allocBulk(world: BuddyWorld, ctx: Context, op: Op): Steps<Answer> {
  const { gfp, count } = bulkArguments(op);
  const pfns = new Int32Array(count).fill(-1);
  const got = yield* allocPagesBulk(ctx, world.machine.pages, gfp, count, pfns);
  for (let i = 0; i < count; i++) {
    if (i >= got !== pfns[i]! < 0)
      throw new ModelViolation('a bulk allocation fills from the start', `element ${i} of ${got}`);
    if (i < got) world.model.allocated(pfns[i]!, 0, gfp);
  }
  return got;
}

/** Makes single pages of a block that is held. */
export function* splitBlock(world: BuddyWorld, _ctx: Context, op: Op): Steps<Answer> {
  const { model, machine } = world;
  const { order, compound } = model.live[op.a % model.live.length]!;
  if (compound || order === 0 || order > 4) return NOTHING_TO_DO;
  const block = model.release(op.a);
  splitPage(machine.pages, block.pfn, order);
  for (let i = 0; i < 1 << order; i++) {
    const page = model.allocated(block.pfn + i, 0, 0x100cca);
    if (i === 0) page.stamp = block.stamp;
  }
  return block.pfn;
}

/** Empties this CPU's lists. */
export function* drainLocal(world: BuddyWorld, ctx: Context): Steps<Answer> {
  yield* drainLocalPages(ctx, world.machine.pages);
}

/** Empties every CPU's lists. */
export function* drainAll(world: BuddyWorld, ctx: Context): Steps<Answer> {
  yield* drainAllPages(ctx, world.machine.pages);
}

/**
 * Takes a range of the largest block's size out of use, pageblock by pageblock. Smaller ranges are for callers that first split
 * what reaches beyond them, as the kernel's own do.
 */
export function* isolate(world: BuddyWorld, ctx: Context, op: Op): Steps<Answer> {
  const { zones, pages } = world.machine;
  const zone = zones.zonelist[op.a % zones.zonelist.length]!;
  const first = Math.ceil(zones.startPfn[zone]! / ISOLATED_PAGES);
  const count = Math.floor((zones.startPfn[zone]! + zones.spanned[zone]!) / ISOLATED_PAGES) - first;
  if (count < 1) return NOTHING_TO_DO;
  const pfn = (first + (op.b % count)) * ISOLATED_PAGES;
  if (world.isolated.some((range) => range.pfn === pfn)) return NOTHING_TO_DO;
  // Noted first: from the moment it is isolated its pages are missing from the free count.
  const range = { pfn, zone, ready: false };
  world.isolated.push(range);
  const step = 1 << pages.pageblockOrder;
  for (let at = pfn; at < pfn + ISOLATED_PAGES; at += step) {
    const answer = yield* isolatePageblock(ctx, pages, at);
    if (answer === 0) continue;
    for (let back = at - step; back >= pfn; back -= step)
      yield* unisolatePageblock(ctx, pages, back, MigrateType.MOVABLE);
    world.isolated.splice(world.isolated.indexOf(range), 1);
    return answer;
  }
  range.ready = true;
  return pfn;
}

/** Brings an isolated range back into use, last pageblock first. */
export function* unisolate(world: BuddyWorld, ctx: Context, op: Op): Steps<Answer> {
  const { pages } = world.machine;
  const range = world.isolated[op.a % world.isolated.length]!;
  if (!range.ready) return NOTHING_TO_DO;
  range.ready = false;
  const step = 1 << pages.pageblockOrder;
  for (let at = range.pfn + ISOLATED_PAGES - step; at >= range.pfn; at -= step)
    yield* unisolatePageblock(ctx, pages, at, MigrateType.MOVABLE);
  world.isolated.splice(world.isolated.indexOf(range), 1);
  return range.pfn;
}

/** Takes blocks of one order until there are no more, at most 64. */
export function* exhaust(world: BuddyWorld, ctx: Context, op: Op): Steps<Answer> {
  const { gfp, order } = allocArguments(op);
  let taken = 0;
  for (; taken < 64; taken++) {
    const pfn = yield* allocPages(ctx, world.machine.pages, gfp, order);
    if (pfn === null) break;
    world.model.allocated(pfn, order, gfp);
  }
  return taken;
}

/** Gives up to 64 blocks back. */
export function* release(world: BuddyWorld, ctx: Context, op: Op): Steps<Answer> {
  let given = 0;
  for (; given < 64 && world.model.live.length > 0; given++) {
    const block = world.model.release(op.a + given);
    checkStamp(world, block.pfn, block.stamp);
    yield* freePages(ctx, world.machine.pages, block.pfn, block.order);
  }
  return given;
}

/** Asks for more than the largest block. */
export function* allocTooLarge(world: BuddyWorld, ctx: Context, op: Op): Steps<Answer> {
  const pfn = yield* allocPages(ctx, world.machine.pages, 0x2cc0, 11 + (op.a % 8));
  if (pfn !== null) throw new ModelViolation('orders above 10 are answered with null', `got pfn ${pfn}`);
  return null;
}

/** Frees with a wrong order, which a strict machine refuses before anything changes. */
export function* misuse(world: BuddyWorld, ctx: Context, op: Op): Steps<Answer> {
  const { model, machine } = world;
  // Kept from the other CPUs meanwhile: on a block that has changed hands the order might be right.
  const block = model.release(op.a);
  let refused = false;
  try {
    yield* freePages(ctx, machine.pages, block.pfn, (block.order + 1 + (op.b % 10)) % 11);
  } catch (error) {
    if (!(error instanceof MisuseError || error instanceof OptionError)) throw error;
    refused = true;
  }
  model.keep(block);
  if (!refused)
    throw new ModelViolation('a strict machine refuses a free of the wrong order', `pfn ${block.pfn}`);
}

/** Writes a vm sysctl. */
export function* sysctl(world: BuddyWorld, _ctx: Context, op: Op): Steps<Answer> {
  const name = VM_SYSCTLS[op.a % VM_SYSCTLS.length]!;
  return world.machine.writeSysctl(name, sysctlText(name, op.b));
}

import { iovaToPhys, mapPages, unmapPages } from '@iommu/v7s-pgtable/stepped';
import { allocPages } from '@mm/buddy/stepped';
import { Errno } from '@mm/printk';
import type { Context, Steps } from '@mm/steps/stepped';

import { exhaust, release } from './buddy-commands.js';
import { ModelViolation } from '../model-violation.js';
import { type Answer, NOTHING_TO_DO, type Op } from '../subsystem.js';
import { beginsNow } from '../buddy/allocation-failure.js';
import { ENOUGH, checkTableFailure } from '../v7s/table-failure.js';
import { WINDOW_PAGES, farAddressOf, oddSizeOf, rangeOf } from '../v7s/v7s-arguments.js';
import { type BusyRange, type V7sWorld, checkAround, checkPage, isBusy } from '../v7s/v7s-world.js';

const GFP_ATOMIC = 0x2a20;

/** Claims a range for an operation; null: another one works there. */
function claim(world: V7sWorld, first: number, last: number): BusyRange | null {
  if (world.busy.some((range) => first <= range.last && range.first <= last)) return null;
  if (world.busy.length === 0) world.flushed.length = 0;
  const range = { first, last };
  world.busy.push(range);
  return range;
}

const unclaim = (world: V7sWorld, range: BusyRange): void => {
  world.busy.splice(world.busy.indexOf(range), 1);
};

/** Maps a range; it is all mapped afterwards, or nothing has changed. */
export function* map(world: V7sWorld, ctx: Context, op: Op): Steps<Answer> {
  const { size, count, iova, pa, prot, first, last } = rangeOf(op, world.shape);
  const range = claim(world, first, last);
  if (range === null) return NOTHING_TO_DO;
  const { mapped, shape } = world;
  const known = (size & shape.pgsizeBitmap) !== 0;
  const within = last < WINDOW_PAGES && pa + size * count <= 2 ** shape.oas;
  const free = within && mapped.subarray(first, last + 1).every((page) => page === 0);
  const done = { bytes: 0 };
  const beginning = beginsNow(world.buddy);
  const answer = yield* mapPages(ctx, world.table, iova, pa, size, count, prot, GFP_ATOMIC, done);
  unclaim(world, range);
  if (answer === 0 && !known)
    throw new ModelViolation('a page size that the table does not have is refused', `${size} bytes`);
  if (answer === 0 && !within)
    throw new ModelViolation('a map that leaves the space is refused', `page ${first} of ${count}`);
  if (answer === 0 && !free)
    throw new ModelViolation('a map over something mapped is refused', `page ${first} of ${count}`);
  if (answer === 0) {
    for (let page = first; page <= last; page++) {
      mapped[page] = pa / 0x1000 + page - first + 1;
      world.prot[page] = prot;
    }
    checkAround(world, first, last, 61, 'a translation leads where the map says');
    return answer;
  }
  if (done.bytes !== 0 || within)
    checkAround(
      world,
      first,
      Math.min(last, WINDOW_PAGES - 1),
      19,
      'a map that fails takes nothing away',
      'a map that fails leaves nothing behind',
    );
  if (answer === -Errno.ENOMEM) checkTableFailure(world, beginning, ENOUGH, `page ${first} of ${count}`);
  else if (free && known)
    throw new ModelViolation('a map of what is free succeeds', `errno ${answer}, page ${first} of ${count}`);
  return answer;
}

/** Unmaps a range, piece by piece as long as all of a piece is mapped. */
export function* unmap(world: V7sWorld, ctx: Context, op: Op): Steps<Answer> {
  const { size, count, iova, first, last } = rangeOf(op, world.shape);
  if (last >= WINDOW_PAGES) return NOTHING_TO_DO;
  const range = claim(world, first, last);
  if (range === null) return NOTHING_TO_DO;
  const { mapped, flushed } = world;
  const step = size / 0x1000;
  let pages = 0;
  while (
    (size & world.shape.pgsizeBitmap) !== 0 &&
    pages <= last - first &&
    mapped.subarray(first + pages, first + pages + step).every((page) => page !== 0)
  )
    pages += step;
  const beginning = beginsNow(world.buddy);
  const gone = yield* unmapPages(ctx, world.table, iova, size, count);
  unclaim(world, range);
  const said = `${gone} of ${pages * 0x1000} bytes, page ${first}`;
  if (gone > pages * 0x1000) throw new ModelViolation('an unmap reports no more than went away', said);
  // A block of which a part goes needs a table for the rest.
  if (gone < pages * 0x1000)
    checkTableFailure(world, beginning, 'an unmap takes away all that is mapped', said);
  pages = gone / 0x1000;
  mapped.fill(0, first, first + pages);
  for (let page = first; page < first + pages; page++) {
    const at = world.start + page * 0x1000;
    if (!flushed.some(([from, to]) => from <= at && at + 0x1000 <= to))
      throw new ModelViolation('what was unmapped is flushed', `page ${page}`);
  }
  checkAround(world, first, last, 61, 'an unmap leaves the rest as it was');
  return gone;
}

/** Translates an address. */
export function* translate(world: V7sWorld, _ctx: Context, op: Op): Steps<Answer> {
  const page = op.a % WINDOW_PAGES;
  if (isBusy(world, page)) return NOTHING_TO_DO;
  checkPage(world, page, 'a translation leads where the map says');
}

/** Translates an address that is none of the space. */
export function* translateFar(world: V7sWorld, ctx: Context, op: Op): Steps<Answer> {
  const answer = yield* iovaToPhys(ctx, world.table, farAddressOf(op, world.shape));
  if (answer !== null)
    throw new ModelViolation('an address beyond the space has no translation', `${answer}`);
  return null;
}

/** Maps with a page size that the format does not have. */
export function* mapOddSize(world: V7sWorld, ctx: Context, op: Op): Steps<Answer> {
  const size = oddSizeOf(op);
  const { iova, pa, first } = rangeOf(op, world.shape);
  const last = Math.min(WINDOW_PAGES - 1, first + 4095);
  const range = claim(world, first, last);
  if (range === null) return NOTHING_TO_DO;
  const aligned = Math.floor(iova / 0x200000) * 0x200000;
  const answer = yield* mapPages(
    ctx,
    world.table,
    aligned,
    Math.floor(pa / 0x200000) * 0x200000,
    size,
    1,
    1,
    GFP_ATOMIC,
  );
  unclaim(world, range);
  if (answer === 0)
    throw new ModelViolation('a page size that the format does not have is refused', `${size}`);
  return answer;
}

/** Unmaps with a page size that the format does not have. */
export function* unmapOddSize(world: V7sWorld, ctx: Context, op: Op): Steps<Answer> {
  const size = oddSizeOf(op);
  const { iova, first } = rangeOf(op, world.shape);
  const range = claim(world, first & ~511, Math.min(WINDOW_PAGES - 1, first | 511));
  if (range === null) return NOTHING_TO_DO;
  const aligned = Math.floor(iova / 0x200000) * 0x200000;
  const gone = yield* unmapPages(ctx, world.table, aligned, size, 1);
  unclaim(world, range);
  if (gone !== 0)
    throw new ModelViolation('a page size that the format does not have unmaps nothing', `${gone} bytes`);
  return gone;
}

const TOP_ORDER = 10;
/** Blocks taken of one order at most: another CPU may give them back as fast. 4 GiB have 1024 of the top order. */
const TAKEN_MAX = 1200;

/** Takes blocks of pages until there are no more, at most 64; one time in sixteen all memory, the largest blocks first. */
export function* takePages(world: V7sWorld, ctx: Context, op: Op): Steps<Answer> {
  if (op.b % 16 !== 0) return yield* exhaust(world.buddy, ctx, op);
  const { machine, model } = world.buddy;
  let all = 0;
  for (let order = TOP_ORDER; order >= 0; order--)
    for (let taken = 0; taken < TAKEN_MAX; taken++, all++) {
      const pfn = yield* allocPages(ctx, machine.pages, GFP_ATOMIC, order);
      if (pfn === null) break;
      model.allocated(pfn, order, GFP_ATOMIC);
    }
  return all;
}

/** Gives up to 64 blocks of pages back; one time in two all. */
export function* givePages(world: V7sWorld, ctx: Context, op: Op): Steps<Answer> {
  const all = op.b % 2 === 0 ? world.buddy.model.live.length : 1;
  let given = 0;
  while (given < all && world.buddy.model.live.length > 0)
    given += Number(yield* release(world.buddy, ctx, op));
  return given;
}

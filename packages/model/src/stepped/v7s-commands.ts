import { iovaToPhys, mapPages, unmapPages } from '@iommu/v7s-pgtable/stepped';
import { Errno } from '@mm/printk';
import type { Context, Steps } from '@mm/steps/stepped';

import { exhaust, release } from './buddy-commands.js';
import { ModelViolation } from '../model-violation.js';
import { type Answer, NOTHING_TO_DO, type Op } from '../subsystem.js';
import { farAddressOf, oddSizeOf, rangeOf } from '../v7s/v7s-arguments.js';
import {
  type BusyRange,
  type V7sWorld,
  WINDOW,
  checkAround,
  checkPage,
  checkTableFailure,
  isBusy,
  protOf,
} from '../v7s/v7s-world.js';

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
  const { size, count, iova, pa, write, first, last } = rangeOf(op);
  const range = claim(world, first, last);
  if (range === null) return NOTHING_TO_DO;
  const { mapped, writable } = world;
  const within = last < WINDOW.pages && pa + size * count <= 2 ** 32;
  const free = within && mapped.subarray(first, last + 1).every((page) => page === 0);
  const done = { bytes: 0 };
  const answer = yield* mapPages(ctx, world.table, iova, pa, size, count, protOf(write), GFP_ATOMIC, done);
  unclaim(world, range);
  if (answer === 0 && !within)
    throw new ModelViolation('a map that leaves the space is refused', `page ${first} of ${count}`);
  if (answer === 0 && !free)
    throw new ModelViolation('a map over something mapped is refused', `page ${first} of ${count}`);
  if (answer === 0) {
    for (let page = first; page <= last; page++) {
      mapped[page] = pa / 0x1000 + page - first + 1;
      writable[page] = write ? 1 : 0;
    }
    checkAround(world, first, last, 61, 'a translation leads where the map says');
    return answer;
  }
  if (done.bytes !== 0 || within)
    checkAround(
      world,
      first,
      Math.min(last, WINDOW.pages - 1),
      19,
      'a map that fails takes nothing away',
      'a map that fails leaves nothing behind',
    );
  if (answer === -Errno.ENOMEM) checkTableFailure(world);
  else if (free)
    throw new ModelViolation('a map of what is free succeeds', `errno ${answer}, page ${first} of ${count}`);
  return answer;
}

/** Unmaps a range, piece by piece as long as all of a piece is mapped. */
export function* unmap(world: V7sWorld, ctx: Context, op: Op): Steps<Answer> {
  const { size, count, iova, first, last } = rangeOf(op);
  if (last >= WINDOW.pages) return NOTHING_TO_DO;
  const range = claim(world, first, last);
  if (range === null) return NOTHING_TO_DO;
  const { mapped, flushed } = world;
  const step = size / 0x1000;
  let pages = 0;
  while (
    pages <= last - first &&
    mapped.subarray(first + pages, first + pages + step).every((page) => page !== 0)
  )
    pages += step;
  const gone = yield* unmapPages(ctx, world.table, iova, size, count);
  unclaim(world, range);
  if (gone !== pages * 0x1000)
    throw new ModelViolation(
      gone < pages * 0x1000
        ? 'an unmap takes away all that is mapped'
        : 'an unmap reports no more than went away',
      `${gone} of ${pages * 0x1000} bytes, page ${first}`,
    );
  mapped.fill(0, first, first + pages);
  for (let page = first; page < first + pages; page++) {
    const at = WINDOW.start + page * 0x1000;
    if (!flushed.some(([from, to]) => from <= at && at + 0x1000 <= to))
      throw new ModelViolation('what was unmapped is flushed', `page ${page}`);
  }
  checkAround(world, first, last, 61, 'an unmap leaves the rest as it was');
  return gone;
}

/** Translates an address. */
export function* translate(world: V7sWorld, _ctx: Context, op: Op): Steps<Answer> {
  const page = op.a % WINDOW.pages;
  if (isBusy(world, page)) return NOTHING_TO_DO;
  checkPage(world, page, 'a translation leads where the map says');
}

/** Translates an address that is none of the space. */
export function* translateFar(world: V7sWorld, ctx: Context, op: Op): Steps<Answer> {
  const answer = yield* iovaToPhys(ctx, world.table, farAddressOf(op));
  if (answer !== null)
    throw new ModelViolation('an address beyond the space has no translation', `${answer}`);
  return null;
}

/** Maps with a page size that the format does not have. */
export function* mapOddSize(world: V7sWorld, ctx: Context, op: Op): Steps<Answer> {
  const size = oddSizeOf(op);
  const { iova, pa, first } = rangeOf(op);
  const last = Math.min(WINDOW.pages - 1, first + 4095);
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
  const { iova, first } = rangeOf(op);
  const range = claim(world, first & ~511, Math.min(WINDOW.pages - 1, first | 511));
  if (range === null) return NOTHING_TO_DO;
  const aligned = Math.floor(iova / 0x200000) * 0x200000;
  const gone = yield* unmapPages(ctx, world.table, aligned, size, 1);
  unclaim(world, range);
  if (gone !== 0)
    throw new ModelViolation('a page size that the format does not have unmaps nothing', `${gone} bytes`);
  return gone;
}

/** Takes blocks of pages until there are no more, at most 64. */
export function* takePages(world: V7sWorld, ctx: Context, op: Op): Steps<Answer> {
  return yield* exhaust(world.buddy, ctx, op);
}

/** Gives up to 64 blocks of pages back. */
export function* givePages(world: V7sWorld, ctx: Context, op: Op): Steps<Answer> {
  return yield* release(world.buddy, ctx, op);
}

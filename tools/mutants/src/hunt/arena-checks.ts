import { PcpWord, freePagesOf, pcpAt } from '@mm/buddy';
import { GenPool, type PoolAddress, bestFit, firstFit, firstFitAlign } from '@mm/genalloc';
import type { Random } from '@mm/interleave';
import { type Machine, createMachine } from '@mm/machine';
import { ModelViolation } from '@mm/model';
import {
  PageFragCache,
  checkPageFragInvariants,
  pageFragAllocAlign,
  pageFragCacheDrain,
  pageFragFree,
} from '@mm/page-frag';
import { Context } from '@mm/steps';

import { type Check, hold, holdNone } from './check.js';

/** Starts of chunks: low, not aligned, and the last bytes that there are. */
const STARTS: readonly bigint[] = [
  0x1000n,
  0x10_0100n,
  0x8000_0200n,
  2n ** 53n - 0x1_0000n,
  2n ** 64n - 0x1000n,
];

interface Taken {
  readonly start: bigint;
  readonly bytes: number;
}

/** A pool against a list of what is taken of it. */
function pool(random: Random): void {
  const granule = 2 ** (4 + random.below(6));
  const genPool = new GenPool(Math.log2(granule));
  const start = STARTS[random.below(STARTS.length)]!;
  const size = Math.min(0x4000, Number(2n ** 64n - start));
  genPool.addVirt(start <= 2n ** 52n ? Number(start) : start, 0, size);
  const taken: Taken[] = [];
  for (let step = 0; step < 60; step++) {
    if (random.below(3) === 0 && taken.length > 0) {
      const [gone] = taken.splice(random.below(taken.length), 1);
      genPool.free(asAddress(gone!.start), gone!.bytes);
    } else takeOne(genPool, random, taken, start, size);
    const used = taken.reduce((sum, { bytes }) => sum + Math.ceil(bytes / granule) * granule, 0);
    hold('available + taken = size of the pool', genPool.avail() + used, size);
  }
}

const asAddress = (address: bigint): PoolAddress => (address <= 2n ** 53n - 1n ? Number(address) : address);

function takeOne(genPool: GenPool, random: Random, taken: Taken[], start: bigint, size: number): void {
  const bytes = 1 + random.below(600);
  const align = 2 ** random.below(12);
  const algorithm = [firstFit, bestFit, firstFitAlign(align)][random.below(3)]!;
  const found = genPool.alloc(bytes, algorithm);
  if (found === null) return;
  const address = BigInt(found);
  const end = address + BigInt(bytes);
  if (address < start || end > start + BigInt(size))
    throw new ModelViolation('what a pool gives lies in it', `0x${address.toString(16)}`);
  if (algorithm !== firstFit && algorithm !== bestFit && address % BigInt(align) !== 0n)
    throw new ModelViolation('an aligned request is aligned', `0x${address.toString(16)} of ${align}`);
  if (taken.some((other) => other.start < end && address < other.start + BigInt(other.bytes)))
    throw new ModelViolation('no memory of a pool has two owners', `0x${address.toString(16)}`);
  hold('a pool knows its own addresses', genPool.hasAddr(found, bytes), true);
  taken.push({ start: address, bytes });
}

/** Free pages, those on per-cpu lists included. */
function freePages({ pages, zones }: Machine): number {
  let free = 0;
  for (const zone of zones.indices()) {
    const at = pcpAt(0, zone);
    free +=
      freePagesOf(pages, zone) + pages.pcpState[at + PcpWord.count]! + pages.pcpState[at + PcpWord.freeDiff]!;
  }
  return free;
}

/** Fragments against a list of those that are alive. */
function fragments(random: Random, sizes: readonly number[], order3: boolean): void {
  const machine = createMachine({ ramBytes: '16M' });
  const { pages, cells, memory } = machine;
  const cache = new PageFragCache(pages, cells);
  const ctx = new Context();
  const before = freePages(machine);
  // Without blocks of order 3 a cache makes do with single pages: every other block of order 2 is kept.
  const taken: number[] = [];
  if (!order3)
    for (let pfn = machine.allocPages(0x2800, 2); pfn !== null; pfn = machine.allocPages(0x2800, 2))
      taken.push(pfn);
  for (const pfn of taken) if ((pfn & 4) === 0) machine.freePages(pfn, 2);
  const kept = taken.filter((pfn) => (pfn & 4) !== 0);
  const alive: Taken[] = [];
  for (let step = 0; step < 300; step++) {
    const bytes = sizes[random.below(sizes.length)]!;
    if (alive.length > 0 && random.below(5) === 0) {
      const [gone] = alive.splice(random.below(alive.length), 1);
      pageFragFree(ctx, pages, Number(gone!.start));
      continue;
    }
    const address = pageFragAllocAlign(ctx, cache, bytes, 0x2800, -1);
    if (address === null) continue;
    const start = BigInt(address);
    const end = start + BigInt(bytes);
    if (alive.some((other) => other.start < end && start < other.start + BigInt(other.bytes)))
      throw new ModelViolation('no fragment overlaps another', `0x${address.toString(16)}`);
    memory.write8(address, 1);
    alive.push({ start, bytes });
    const first = BigInt(cache.pfn) * 4096n;
    const here = alive.filter((one) => one.start >= first && one.start < first + BigInt(cache.size)).length;
    holdNone('references of the block = bias + fragments alive', checkPageFragInvariants(cache, here));
  }
  for (const { start } of alive) pageFragFree(ctx, pages, Number(start));
  pageFragCacheDrain(ctx, cache);
  for (const pfn of kept) machine.freePages(pfn, 2);
  hold('with the last fragment the block is free', freePages(machine), before);
}

/** Of the two other sources of tables: genalloc and page_frag. */
export const ARENA_CHECKS: Readonly<Record<string, Check>> = {
  'genalloc: a pool against what is taken of it': pool,
  'page_frag: fragments against those that are alive': (random) =>
    fragments(random, [1, 100, 1024, 4096], random.below(2) === 0),
  'page_frag: a block of 1-byte fragments'() {
    const machine = createMachine({ ramBytes: '16M' });
    const cache = new PageFragCache(machine.pages, machine.cells);
    const ctx = new Context();
    let block = -1;
    for (let i = 0; i < 33_000; i++) {
      const address = pageFragAllocAlign(ctx, cache, 1, 0x2800, -1)!;
      if (block === -1) block = cache.pfn;
      if (cache.pfn !== block) break;
      if (address < block * 4096) throw new ModelViolation('a fragment lies in its block', `${address}`);
      if (cache.pagecntBias < 0)
        throw new ModelViolation(
          'references of the block = bias + fragments alive',
          `bias ${cache.pagecntBias}`,
        );
      const held = machine.frames.refcount[machine.frames.slotOf(block)]!;
      hold('references of the block = bias + fragments alive', held, cache.pagecntBias + i + 1);
    }
  },
  'page_frag: fragments larger than the block': (random) => fragments(random, [1024, 8192, 40_000], false),
};

import type { PageAllocator } from '@mm/buddy';
import { allocPages, freePages } from '@mm/buddy/stepped';
import { HoleError, PAGE_SIZE, PageFlag, compoundOrder } from '@mm/memory';
import { LogLevel } from '@mm/printk';
import type { Context, Steps } from '@mm/steps/stepped';
import { __GFP_COMP } from '@mm/zones';

import { checkArch, checkGfp, checkObjectAddress, checkPages, checkSize } from '../check-arguments.js';
import { virtualAddress } from '../hex-dump.js';
import { orderOfBytes } from '../order-of-bytes.js';
import { SLAB_ARCH_X86_64, type SlabArch } from '../slab-arch.js';
import { GFP_SLAB_BUG_MASK, fixSlabGfp } from '../slab-gfp.js';
import { warnOnce } from '../warn-once.js';

/**
 * A block of whole pages for a size that no kmalloc cache serves.
 *
 * @param size bytes, above 8192; above 4 MiB gets a warning and null.
 * @returns its physical address, or null.
 * @throws OptionError for what is no page allocator, no size or no flags.
 * @example
 * kmallocLarge(ctx, pages, 10_000, GFP_KERNEL);
 * @see linux 6.1 mm/slab_common.c __kmalloc_large_node
 */
export function* kmallocLarge(
  ctx: Context,
  pages: PageAllocator,
  size: number,
  gfp: number,
): Steps<number | null> {
  checkPages(pages);
  checkSize(size);
  checkGfp(gfp);
  const flags = fixSlabGfp(pages.log, gfp, GFP_SLAB_BUG_MASK) | __GFP_COMP;
  const pfn = yield* allocPages(ctx, pages, flags, orderOfBytes(size));
  return pfn === null ? null : pfn * PAGE_SIZE;
}

/**
 * Gives a block of {@link kmallocLarge} back. A single page, which that never gives, is warned of once.
 * @param arch by which the warning tells the address.
 * @throws OptionError for what is no page allocator, no address or no architecture; HoleError where there is no memory.
 * @example
 * freeLargeKmalloc(ctx, pages, address);
 * @see linux 6.1 mm/slab_common.c free_large_kmalloc
 */
export function* freeLargeKmalloc(
  ctx: Context,
  pages: PageAllocator,
  address: number,
  arch: SlabArch = SLAB_ARCH_X86_64,
): Steps<void> {
  checkPages(pages);
  checkArch(arch);
  const pfn = Math.floor(checkObjectAddress(address) / PAGE_SIZE);
  if (!pages.frames.map.has(pfn)) throw new HoleError(address);
  const { flags, next } = pages.frames;
  const slot = pages.frames.slotOf(pfn);
  // Any address in the block stands for all of it.
  const head = (flags[slot]! & PageFlag.tail) === 0 ? slot : next[slot]!;
  const order = compoundOrder(flags[head]!);
  if (order === 0 && warnOnce(pages, 'mm/slab_common.c:904 free_large_kmalloc'))
    pages.log.write(LogLevel.warning, `object pointer: 0x${virtualAddress(arch, address)}`);
  yield* freePages(ctx, pages, pages.frames.pfnOf(head), order);
}

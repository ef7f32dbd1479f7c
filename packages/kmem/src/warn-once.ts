import type { PageAllocator } from '@mm/buddy';
import { KernelLog, checkInstance, checkInteger, checkText } from '@mm/printk';
import { __GFP_ZERO } from '@mm/zones';

import { checkGfp, checkPages } from './check-arguments.js';
import { KMALLOC_MAX_CACHE_SIZE } from './kmalloc-classes.js';

/**
 * A warning that comes once a boot.
 *
 * @param place where in the kernel, which also tells it from others: `mm/slub.c:2001 new_slab`.
 * @returns whether it came now.
 * @throws OptionError for what is no page allocator, and for a place or words that are no text.
 * @example
 * warnOnce(machine.pages, 'mm/slub.c:2001 new_slab');
 * @see linux 6.1 include/asm-generic/bug.h WARN_ONCE
 */
export function warnOnce(pages: PageAllocator, place: string, what?: string): boolean {
  const { warnedOnce, log } = checkPages(pages);
  checkText('place', place);
  if (what !== undefined) checkText('what', what);
  if (warnedOnce.has(place)) return false;
  warnedOnce.add(place);
  log.warn(place, what);
  return true;
}

/**
 * Zeroes are asked for of a cache with a constructor: they wipe out what it wrote. Said once, where a slab is grown.
 * @throws OptionError as {@link warnOnce}, and for what is no flags.
 * @example
 * if (cache.ctor !== null) warnOfZeroes(machine.pages, 'mm/slub.c:2001 new_slab', GFP_KERNEL | __GFP_ZERO);
 * @see linux 6.1 mm/slub.c new_slab
 */
export function warnOfZeroes(pages: PageAllocator, place: string, gfp: number): void {
  checkPages(pages);
  checkText('place', place);
  if ((checkGfp(gfp) & __GFP_ZERO) !== 0) warnOnce(pages, place);
}

/**
 * Bytes of a block of whole pages, as ksize answers for an address in it: 0, with a warning, where kmalloc cannot have given that
 * address.
 *
 * @param bytes of the block.
 * @param offset of the address in it.
 * @throws OptionError for what is no log, and for numbers that are no bytes.
 * @example
 * ksizeOfPages(machine.log, 16384, 0); // 16384
 * @see linux 6.1 mm/slab_common.c __ksize
 */
export function ksizeOfPages(log: KernelLog, bytes: number, offset: number): number {
  checkInstance('log', log, KernelLog);
  checkInteger('bytes', bytes, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('offset', offset, 0, Number.MAX_SAFE_INTEGER);
  if (bytes <= KMALLOC_MAX_CACHE_SIZE) log.warn('mm/slab_common.c:1014 __ksize');
  else if (offset !== 0) log.warn('mm/slab_common.c:1016 __ksize');
  else return bytes;
  return 0;
}

import { GfpBit } from './gfp-bits.js';
import type { PageAllocator } from './page-allocator.js';

/**
 * A warning that comes once a boot.
 * @param place where in the kernel, which also tells it from others.
 * @see linux 6.1 include/asm-generic/bug.h WARN_ON_ONCE
 */
export function warnOnce({ warnedOnce, log }: PageAllocator, place: string): void {
  if (warnedOnce.has(place)) return;
  warnedOnce.add(place);
  log.warn(place);
}

/** As {@link warnOnce}, but not for who asks for no warnings; then it may still come. @see linux 6.1 mm/internal.h WARN_ON_ONCE_GFP */
export function warnOnceGfp(pages: PageAllocator, gfp: number, place: string): void {
  if ((gfp & GfpBit.NOWARN) === 0) warnOnce(pages, place);
}

import { LogLevel } from '@mm/printk';
import { formatGfp } from '@mm/zones';

import { GfpBit } from './gfp-bits.js';
import type { PageAllocator } from './page-allocator.js';
import { mayReport } from './report-limit.js';

/** Warnings in 5 seconds before the kernel falls silent. No time passes here, so it stays silent. */
const WARNINGS_MAX = 10;

/**
 * Warns of an allocation that failed, unless the caller asked not to be.
 * @see linux 6.1 mm/page_alloc.c warn_alloc
 */
export function warnAlloc(pages: PageAllocator, gfp: number, order: number): void {
  if ((gfp & GfpBit.NOWARN) !== 0 || !mayReport(pages, 'page allocation failure', WARNINGS_MAX)) return;
  const mode = `0x${gfp.toString(16)}(${formatGfp(gfp)})`;
  pages.log.write(
    LogLevel.warning,
    `swapper/0: page allocation failure: order:${order}, mode:${mode}, nodemask=(null),cpuset=/,mems_allowed=0`,
  );
}

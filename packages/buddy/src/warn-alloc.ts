import { LogLevel } from '@mm/printk';
import { formatGfp } from '@mm/zones';

import { GfpBit } from './gfp-bits.js';
import type { PageAllocator } from './page-allocator.js';
import { mayReport } from './report-limit.js';

/** Warnings in 10 seconds before the kernel falls silent. No time passes here, so it stays silent. */
const WARNINGS_MAX = 1;

/**
 * Warns of an allocation that failed, unless the caller asked not to be.
 * @see linux 6.1 mm/page_alloc.c warn_alloc
 */
export function warnAlloc(pages: PageAllocator, gfp: number, order: number): void {
  if ((gfp & GfpBit.NOWARN) !== 0 || !mayReport(pages, 'page allocation failure', WARNINGS_MAX)) return;
  // Who asks for ZONE_DMA where it has no memory asks for what there cannot be. It has been counted.
  if ((gfp & GfpBit.DMA) !== 0 && !hasManagedDma(pages)) return;
  const mode = `0x${gfp.toString(16)}(${formatGfp(gfp)})`;
  pages.log.write(
    LogLevel.warning,
    `swapper/0: page allocation failure: order:${order}, mode:${mode}, nodemask=(null),cpuset=/,mems_allowed=0`,
  );
}

/** @see linux 6.1 mm/page_alloc.c has_managed_dma */
const hasManagedDma = ({ zones }: PageAllocator): boolean =>
  zones.names.some((name, zone) => name === 'DMA' && zones.managed[zone]! > 0);

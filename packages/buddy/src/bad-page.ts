import { LogLevel } from '@mm/printk';
import { PageFlag } from '@mm/memory';

import type { PageAllocator } from './page-allocator.js';

/**
 * Reports a page that is not as it should be. The page is not used again.
 * @see linux 6.1 mm/page_alloc.c bad_page, page_bad_reason
 */
export function reportBadPage(
  pages: PageAllocator,
  slot: number,
  checkedFlags: number,
  flagReason: string,
): void {
  const frames = pages.frames;
  const flags = frames.flags[slot]!;
  let reason = '';
  if ((flags & PageFlag.buddy) !== 0) reason = 'nonzero mapcount';
  if (frames.refcount[slot] !== 0) reason = 'nonzero _refcount';
  if ((flags & checkedFlags) !== 0) reason = flagReason;
  const pfn = frames.pfnOf(slot).toString(16).padStart(5, '0');
  pages.log.write(LogLevel.alert, `BUG: Bad page state in process swapper  pfn:${pfn}`);
  pages.log.write(LogLevel.warning, `page dumped because: ${reason}`);
}

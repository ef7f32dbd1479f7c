import { type Context, type Steps, irqRestore, irqSave, lock, unlock, write } from '@mm/steps/stepped';

import { checkAllocator } from '../check-arguments.js';
import type { PageAllocator } from '../page-allocator.js';

const NO_ZONE = 255;

/**
 * Makes the zonelists anew, as memory that comes or goes has the kernel do. Here they come out as they were; but who walks
 * one meanwhile may find it ending early, and starts over when it has found nothing.
 *
 * @throws OptionError for what is no PageAllocator.
 * @example
 * buildAllZonelists(ctx, pages);
 * @see linux 6.1 mm/page_alloc.c __build_all_zonelists
 */
export function* buildAllZonelists(_ctx: Context, pages: PageAllocator): Steps<void> {
  const { zonelists } = checkAllocator(pages);
  // An interrupt handler that allocates here would wait for this CPU for ever.
  yield irqSave;
  yield lock(pages.zonelistLockCell);
  pages.zonelistSeq++;
  yield write(pages.zonelistCell);
  const made = zonelists.slice();
  zonelists.fill(NO_ZONE);
  yield write(pages.zonelistCell);
  zonelists.set(made);
  pages.zonelistSeq++;
  yield unlock(pages.zonelistLockCell);
  yield irqRestore;
}

/**
 * Waits for who makes the zonelists anew. Another answer later means that they have been.
 * @see linux 6.1 mm/page_alloc.c zonelist_iter_begin, check_retry_zonelist
 */
export function* zonelistsSeen(pages: PageAllocator): Steps<number> {
  yield irqSave;
  yield lock(pages.zonelistLockCell);
  const seen = pages.zonelistSeq;
  yield unlock(pages.zonelistLockCell);
  yield irqRestore;
  return seen;
}

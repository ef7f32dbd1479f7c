import { type Context, type Steps, eachCpu, irqRestore, irqSave, lock, rmw, unlock } from '@mm/steps/stepped';

import { checkAllocator, checkCpu, checkZone } from '../check-arguments.js';
import type { PageAllocator } from '../page-allocator.js';
import { giveBackLocked } from '../pcp-give-back.js';
import { PCP_BATCH_SCALE_MAX, pcpLock } from '../pcp-lists.js';
import { PcpWord, pcpAt } from '../zone-state.js';

/**
 * Gives all pages on this CPU's lists back to the free lists.
 *
 * @throws OptionError for what is no PageAllocator.
 * @example
 * drainLocalPages(ctx, pages);
 * @see linux 6.1 mm/page_alloc.c drain_local_pages
 */
export function* drainLocalPages(ctx: Context, pages: PageAllocator): Steps<void> {
  checkAllocator(pages);
  for (let zone = 0; zone < pages.nrZones; zone++) yield* drainPagesZone(ctx, pages, ctx.cpu, zone);
}

/**
 * Gives all pages on one CPU's lists of one zone back.
 * @throws OptionError for what is no CPU or zone.
 * @example
 * drainPagesZone(ctx, machine.pages, 0, machine.zones.indexOf('Normal'));
 * @see linux 6.1 mm/page_alloc.c drain_pages_zone
 */
export function* drainPagesZone(_ctx: Context, pages: PageAllocator, cpu: number, zone: number): Steps<void> {
  checkCpu(pages, cpu);
  checkZone(pages, zone);
  const at = pcpAt(cpu, zone);
  // In chunks, so that the locks are not held for long; the count is read under the lock each time.
  for (let left = 1; left > 0;) {
    yield irqSave;
    yield lock(pcpLock(pages, cpu, zone));
    left = pages.pcpState[at + PcpWord.count]!;
    if (left > 0) {
      // Sizes that were never set have a batch of 0, with which the kernel would go on for ever.
      const batch = Math.max(1, pages.pcpState[at + PcpWord.batch]!);
      const chunk = Math.min(left, batch << PCP_BATCH_SCALE_MAX);
      yield lock(pages.zoneLockCell + zone);
      yield rmw(pages.zoneFreeCell + zone);
      giveBackLocked(pages, cpu, zone, chunk, 0);
      yield unlock(pages.zoneLockCell + zone);
      left -= chunk;
    }
    yield unlock(pcpLock(pages, cpu, zone));
    yield irqRestore;
  }
}

/**
 * Gives all pages on all CPUs' lists back to the free lists, each CPU its own.
 *
 * @throws OptionError for what is no PageAllocator.
 * @example
 * drainAllPages(ctx, pages);
 * @see linux 6.1 mm/page_alloc.c drain_all_pages
 */
export function* drainAllPages(ctx: Context, pages: PageAllocator): Steps<void> {
  checkAllocator(pages);
  const cpus = Array.from({ length: pages.cpus }, (_, cpu) => cpu);
  yield* eachCpu(ctx, cpus, (own) => drainLocalPages(own, pages));
}

import { type Context, type Steps, lock, unlock, write } from '@mm/steps/stepped';

import { checkZone } from '../check-arguments.js';
import type { PageAllocator } from '../page-allocator.js';
import { pcpSizesCellOf } from '../pcp-lists.js';
import { PcpWord, pcpAt } from '../zone-state.js';
import { drainPagesZone } from './drain.js';

/**
 * Turns the per-cpu lists of a zone off: what is on them goes back, and what is freed later goes back at once. No other
 * task can change sizes until {@link zonePcpEnable}.
 *
 * @throws OptionError for what is no zone.
 * @example
 * zonePcpDisable(ctx, machine.pages, machine.zones.indexOf('Normal'));
 * @see linux 6.1 mm/page_alloc.c zone_pcp_disable
 */
export function* zonePcpDisable(ctx: Context, pages: PageAllocator, zone: number): Steps<void> {
  checkZone(pages, zone);
  yield lock(pages.pcpBatchHighLock);
  yield* writePcpSizes(pages, zone, 0, 1);
  for (let cpu = 0; cpu < pages.cpus; cpu++) yield* drainPagesZone(ctx, pages, cpu, zone);
}

/**
 * Turns the per-cpu lists of a zone on again, with the zone's sizes.
 *
 * @throws OptionError for what is no zone.
 * @example
 * zonePcpEnable(ctx, machine.pages, machine.zones.indexOf('Normal'));
 * @see linux 6.1 mm/page_alloc.c zone_pcp_enable
 */
export function* zonePcpEnable(_ctx: Context, pages: PageAllocator, zone: number): Steps<void> {
  checkZone(pages, zone);
  yield* writePcpSizes(pages, zone, pages.zones.pcpHigh[zone]!, pages.zones.pcpBatch[zone]!);
  yield unlock(pages.pcpBatchHighLock);
}

/** The batch first: who sees only one of the two new must not move more than there is. @see linux 6.1 mm/page_alloc.c pageset_update */
export function* writePcpSizes(pages: PageAllocator, zone: number, high: number, batch: number): Steps<void> {
  for (let cpu = 0; cpu < pages.cpus; cpu++) {
    const at = pcpAt(cpu, zone);
    yield write(pcpSizesCellOf(pages, cpu, zone));
    pages.pcpState[at + PcpWord.batch] = batch;
    yield write(pcpSizesCellOf(pages, cpu, zone));
    pages.pcpState[at + PcpWord.high] = high;
  }
}

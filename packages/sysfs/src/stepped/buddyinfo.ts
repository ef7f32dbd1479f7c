import { type PageAllocator, buddyInfo } from '@mm/buddy';
import { type Context, type Steps, irqRestore, irqSave, lock, unlock } from '@mm/steps/stepped';

import { checkPages } from '../check-arguments.js';

/**
 * The text of /proc/buddyinfo: free blocks of each order, of every zone that has pages.
 *
 * @throws OptionError for what is no page allocator.
 * @example
 * showBuddyinfo(ctx, machine.pages); // 'Node 0, zone      DMA      0 ...'
 * @see linux 6.1 mm/vmstat.c frag_show_print
 */
export function* showBuddyinfo(_ctx: Context, pages: PageAllocator): Steps<string> {
  const { zones } = checkPages(pages);
  let text = '';
  for (let zone = 0; zone < pages.nrZones; zone++) {
    if (zones.present[zone] === 0) continue;
    yield irqSave;
    yield lock(pages.zoneLockCell + zone);
    const counts = buddyInfo(pages, zone);
    yield unlock(pages.zoneLockCell + zone);
    yield irqRestore;
    const blocks = counts.map((count) => `${`${count}`.padStart(6)} `).join('');
    text += `Node 0, zone ${zones.names[zone]!.padStart(8)} ${blocks}\n`;
  }
  return text;
}

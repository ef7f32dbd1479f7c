import {
  MAX_ORDER,
  MIGRATE_TYPES,
  MIGRATE_TYPE_NAMES,
  MigrateType,
  PAGETYPEINFO_BLOCKS_MAX,
  type PageAllocator,
  countFreeBlocks,
  pageblocksByType,
} from '@mm/buddy';
import { checkBoolean } from '@mm/printk';
import { type Context, type Steps, irqRestore, irqSave, lock, unlock } from '@mm/steps/stepped';

import { checkPages } from '../check-arguments.js';

/** Migrate types that the kernel is built with. */
const typesOf = (pages: PageAllocator): number[] =>
  Array.from({ length: MIGRATE_TYPES }, (_, type) => type).filter(
    (type) => type !== MigrateType.CMA || pages.cma,
  );

/**
 * The text of /proc/pagetypeinfo: free blocks by zone, migrate type and order, then pageblocks by type.
 *
 * @param sparse see `pageblocksByType`.
 * @throws OptionError for what is no page allocator, and what is neither true nor false.
 * @example
 * showPagetypeinfo(ctx, machine.pages); // 'Page block order: 9\n...'
 * @see linux 6.1 mm/vmstat.c pagetypeinfo_show
 */
export function* showPagetypeinfo(_ctx: Context, pages: PageAllocator, sparse = true): Steps<string> {
  checkBoolean('sparse', sparse);
  const { zones, pageblockOrder } = checkPages(pages);
  const types = typesOf(pages);
  const populated = zones.indices().filter((zone) => zones.present[zone]! > 0);
  const orders = Array.from({ length: MAX_ORDER }, (_, order) => `${`${order}`.padStart(6)} `).join('');
  let text =
    `Page block order: ${pageblockOrder}\nPages per block:  ${1 << pageblockOrder}\n\n` +
    `${'Free pages count per migrate type at order'.padEnd(43)} ${orders}\n`;
  for (const zone of populated) {
    yield irqSave;
    yield lock(pages.zoneLockCell + zone);
    for (const type of types) {
      text += `Node    0, zone ${zones.names[zone]!.padStart(8)}, type ${nameOf(type)} `;
      for (let order = 0; order < MAX_ORDER; order++) {
        const blocks = countFreeBlocks(pages, zone, order, type);
        text += `${blocks >= PAGETYPEINFO_BLOCKS_MAX ? '>' : ''}${`${blocks}`.padStart(6)} `;
        // Others get their turn between two lists.
        yield unlock(pages.zoneLockCell + zone);
        yield irqRestore;
        yield irqSave;
        yield lock(pages.zoneLockCell + zone);
      }
      text += '\n';
    }
    yield unlock(pages.zoneLockCell + zone);
    yield irqRestore;
  }
  text += `\n${'Number of blocks type '.padEnd(23)}${types.map((type) => `${nameOf(type)} `).join('')}\n`;
  for (const zone of populated) {
    yield irqSave;
    yield lock(pages.zoneLockCell + zone);
    const blocks = pageblocksByType(pages, zone, sparse);
    yield unlock(pages.zoneLockCell + zone);
    yield irqRestore;
    const counts = types.map((type) => `${`${blocks[type]!}`.padStart(12)} `).join('');
    text += `Node 0, zone ${zones.names[zone]!.padStart(8)} ${counts}\n`;
  }
  return text;
}

const nameOf = (type: number): string => MIGRATE_TYPE_NAMES[type]!.padStart(12);

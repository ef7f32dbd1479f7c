import { PageFlag, orderOfFlags } from '@mm/memory';
import { LogLevel } from '@mm/printk';

import { MigrateType } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { blockTypeOf } from './pageblocks.js';
import { mayReport } from './report-limit.js';

/** Reports in a minute before the kernel falls silent. No time passes here, so it stays silent. */
const REPORTS_MAX = 60;

/** Names as %pGp prints them, by bit. @see linux 6.1 include/trace/events/mmflags.h __def_pageflag_names */
const FLAG_NAMES: ReadonlyArray<readonly [number, string]> = [
  [PageFlag.locked, 'locked'],
  [PageFlag.referenced, 'referenced'],
  [PageFlag.lru, 'lru'],
  [PageFlag.active, 'active'],
  [PageFlag.slab, 'slab'],
  [PageFlag.reserved, 'reserved'],
  [PageFlag.private, 'private'],
  [PageFlag.writeback, 'writeback'],
  [PageFlag.head, 'head'],
];

/**
 * Reports a page that is not as it should be, and forgets that it heads a free block. The caller lets
 * the page be lost.
 * @see linux 6.1 mm/page_alloc.c bad_page
 */
export function reportBadPage(
  pages: PageAllocator,
  slot: number,
  checkedFlags: number,
  flagReason: string,
): void {
  const { frames, log } = pages;
  const flags = frames.flags[slot]!;
  frames.flags[slot] = flags & ~PageFlag.buddy;
  if (mayReport(pages, 'bad page', REPORTS_MAX)) {
    const pfn = frames.pfnOf(slot).toString(16).padStart(5, '0');
    log.write(LogLevel.alert, `BUG: Bad page state in process swapper/0  pfn:${pfn}`);
    dumpPage(pages, slot, flags);
    const reason = badReason(frames.refcount[slot]!, flags, checkedFlags, flagReason);
    if (reason !== '') log.write(LogLevel.warning, `page dumped because: ${reason}`);
  }
  // Also after a report that is kept back.
  log.taint('B');
}

/** The last of what is wrong. @see linux 6.1 mm/page_alloc.c page_bad_reason */
function badReason(refcount: number, flags: number, checkedFlags: number, flagReason: string): string {
  if ((flags & checkedFlags) !== 0) return flagReason;
  if (refcount !== 0) return 'nonzero _refcount';
  if ((flags & PageFlag.tail) !== 0) return 'non-NULL mapping';
  return (flags & PageFlag.buddy) === 0 ? '' : 'nonzero mapcount';
}

/** What can be said of a page without its addresses and raw bytes. @see linux 6.1 mm/debug.c __dump_page */
function dumpPage(pages: PageAllocator, slot: number, flags: number): void {
  const { frames, log } = pages;
  const pfn = frames.pfnOf(slot);
  const mapcount = (flags & PageFlag.buddy) === 0 ? 0 : -128;
  const names = FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  names.push(`zone=${frames.zone[slot]}`);
  const cma = blockTypeOf(pages, pfn) === MigrateType.CMA ? ' CMA' : '';
  log.write(
    LogLevel.warning,
    `page refcount:${frames.refcount[slot]} mapcount:${mapcount} index:0x0 pfn:0x${pfn.toString(16)}`,
  );
  if ((flags & PageFlag.head) !== 0)
    log.write(LogLevel.warning, `head order:${orderOfFlags(flags)} compound_mapcount:0 compound_pincount:0`);
  log.write(LogLevel.warning, `flags: 0x${(flags & 0x1ffff).toString(16)}(${names.join('|')})${cma}`);
}

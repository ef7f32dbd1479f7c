import { PageFlag } from '@mm/memory';
import { LogLevel } from '@mm/printk';

import type { PageAllocator } from './page-allocator.js';
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
 * @see linux 6.1 mm/page_alloc.c bad_page, page_bad_reason; mm/debug.c dump_page
 */
export function reportBadPage(
  pages: PageAllocator,
  slot: number,
  checkedFlags: number,
  flagReason: string,
): void {
  const { frames, log } = pages;
  const flags = frames.flags[slot]!;
  const isBuddy = (flags & PageFlag.buddy) !== 0;
  frames.flags[slot] = flags & ~PageFlag.buddy;
  if (!mayReport(pages, 'bad page', REPORTS_MAX)) return;
  let reason = '';
  if (isBuddy) reason = 'nonzero mapcount';
  if (frames.refcount[slot] !== 0) reason = 'nonzero _refcount';
  if ((flags & checkedFlags) !== 0) reason = flagReason;
  const pfn = frames.pfnOf(slot).toString(16);
  const names = FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  names.push(`zone=${frames.zone[slot]}`);
  log.write(LogLevel.alert, `BUG: Bad page state in process swapper/0  pfn:${pfn.padStart(5, '0')}`);
  log.write(
    LogLevel.warning,
    `page refcount:${frames.refcount[slot]} mapcount:${isBuddy ? -128 : 0} index:0x0 pfn:0x${pfn}`,
  );
  log.write(LogLevel.warning, `flags: 0x${(flags & 0x1ffff).toString(16)}(${names.join('|')})`);
  if (reason !== '') log.write(LogLevel.warning, `page dumped because: ${reason}`);
}

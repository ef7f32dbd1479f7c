import { OptionError, checkFlags, checkText } from '@mm/printk';

import * as gfp from './gfp.js';

/** In the order in which a mask is taken apart: whole combinations first. @see linux 6.1 include/trace/events/mmflags.h */
const NAMES: ReadonlyArray<readonly [number, string]> = [
  [gfp.GFP_TRANSHUGE, 'GFP_TRANSHUGE'],
  [gfp.GFP_TRANSHUGE_LIGHT, 'GFP_TRANSHUGE_LIGHT'],
  [gfp.GFP_HIGHUSER_MOVABLE, 'GFP_HIGHUSER_MOVABLE'],
  [gfp.GFP_HIGHUSER, 'GFP_HIGHUSER'],
  [gfp.GFP_USER, 'GFP_USER'],
  [gfp.GFP_KERNEL_ACCOUNT, 'GFP_KERNEL_ACCOUNT'],
  [gfp.GFP_KERNEL, 'GFP_KERNEL'],
  [gfp.GFP_NOFS, 'GFP_NOFS'],
  [gfp.GFP_ATOMIC, 'GFP_ATOMIC'],
  [gfp.GFP_NOIO, 'GFP_NOIO'],
  [gfp.GFP_NOWAIT, 'GFP_NOWAIT'],
  [gfp.GFP_DMA, 'GFP_DMA'],
  [gfp.__GFP_HIGHMEM, '__GFP_HIGHMEM'],
  [gfp.GFP_DMA32, 'GFP_DMA32'],
  [gfp.__GFP_HIGH, '__GFP_HIGH'],
  [gfp.__GFP_ATOMIC, '__GFP_ATOMIC'],
  [gfp.__GFP_IO, '__GFP_IO'],
  [gfp.__GFP_FS, '__GFP_FS'],
  [gfp.__GFP_NOWARN, '__GFP_NOWARN'],
  [gfp.__GFP_RETRY_MAYFAIL, '__GFP_RETRY_MAYFAIL'],
  [gfp.__GFP_NOFAIL, '__GFP_NOFAIL'],
  [gfp.__GFP_NORETRY, '__GFP_NORETRY'],
  [gfp.__GFP_COMP, '__GFP_COMP'],
  [gfp.__GFP_ZERO, '__GFP_ZERO'],
  [gfp.__GFP_NOMEMALLOC, '__GFP_NOMEMALLOC'],
  [gfp.__GFP_MEMALLOC, '__GFP_MEMALLOC'],
  [gfp.__GFP_HARDWALL, '__GFP_HARDWALL'],
  [gfp.__GFP_THISNODE, '__GFP_THISNODE'],
  [gfp.__GFP_RECLAIMABLE, '__GFP_RECLAIMABLE'],
  [gfp.__GFP_MOVABLE, '__GFP_MOVABLE'],
  [gfp.__GFP_ACCOUNT, '__GFP_ACCOUNT'],
  [gfp.__GFP_WRITE, '__GFP_WRITE'],
  [gfp.__GFP_RECLAIM, '__GFP_RECLAIM'],
  [gfp.__GFP_DIRECT_RECLAIM, '__GFP_DIRECT_RECLAIM'],
  [gfp.__GFP_KSWAPD_RECLAIM, '__GFP_KSWAPD_RECLAIM'],
  [gfp.__GFP_ZEROTAGS, '__GFP_ZEROTAGS'],
];

/**
 * The flags as `%pGg` prints them: names joined by `|`, what has no name as hexadecimal at the end.
 * No flags give an empty text.
 *
 * @throws OptionError when `flags` is not an integer of 32 bits.
 * @example
 * formatGfp(GFP_KERNEL | __GFP_ZERO); // 'GFP_KERNEL|__GFP_ZERO'
 * @see linux 6.1 lib/vsprintf.c format_flags
 */
export function formatGfp(flags: number): string {
  const parts: string[] = [];
  let left = checkFlags('flags', flags);
  for (const [mask, name] of NAMES) {
    if ((left & mask) !== mask) continue;
    parts.push(name);
    left &= ~mask;
    if (left === 0) break;
  }
  if (left !== 0) parts.push(`0x${(left >>> 0).toString(16)}`);
  return parts.join('|');
}

/**
 * Reads flags written as names joined by `|` or as a number.
 *
 * @throws OptionError for a name that is no flag, a number of more than 32 bits, and what is no text.
 * @example
 * parseGfp('GFP_KERNEL|__GFP_ZERO'); // 0xdc0
 */
export function parseGfp(text: string): number {
  let flags = 0;
  for (const part of checkText('gfp', text)
    .split('|')
    .map((word) => word.trim())) {
    const named = NAMES.find(([, name]) => name === part)?.[0];
    if (named !== undefined) flags |= named;
    else if (/^(0x[0-9a-f]{1,8}|\d{1,10})$/iu.test(part) && Number(part) < 2 ** 32) flags |= Number(part);
    else throw new OptionError('gfp', 'flag names or numbers joined by |', part);
  }
  return flags;
}

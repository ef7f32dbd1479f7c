import { checkFlags } from '@mm/printk';

import { GFP_MOVABLE_MASK } from './gfp.js';

/**
 * The migrate type of an allocation: 0 unmovable, 1 movable, 2 reclaimable.
 * @returns null when movable and reclaimable are both asked for, which the kernel forbids.
 * @throws OptionError when `gfp` is not an integer of 32 bits.
 * @example
 * gfpMigratetype(GFP_KERNEL | __GFP_RECLAIMABLE); // 2
 * @see linux 6.1 include/linux/gfp.h gfp_migratetype
 */
export function gfpMigratetype(gfp: number): 0 | 1 | 2 | null {
  const bits = (checkFlags('gfp', gfp) & GFP_MOVABLE_MASK) >> 3;
  return bits === 3 ? null : (bits as 0 | 1 | 2);
}

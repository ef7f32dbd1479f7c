import { Errno } from '@mm/printk';

import type { V7sPgtable } from './pgtable.js';
import { WarnPlace } from './warn-places.js';

/**
 * Whether `corrected` takes pages of that size at these addresses: 0, or a negative errno. All of the range
 * counts, not its first page alone (L6), and only sizes that the table has (L5).
 */
export function checkRequest(
  table: V7sPgtable,
  iova: number,
  pa: number,
  pageSize: number,
  count: number,
): number {
  const bytes = pageSize * count;
  if (
    iova >= table.iovaEnd ||
    pa >= table.paEnd ||
    iova + bytes > table.iovaEnd ||
    pa + bytes > table.paEnd
  ) {
    table.warn(WarnPlace.mapRange);
    return -Errno.ERANGE;
  }
  // One bit of the bitmap: a single page size.
  if ((pageSize & table.pgsizeBitmap) !== pageSize || (pageSize & (pageSize - 1)) !== 0 || pageSize === 0) {
    return -Errno.EINVAL;
  }
  // Sizes are powers of two up to 2^24, so the low 32 bits decide.
  if (((iova | pa) & (pageSize - 1)) !== 0) return -Errno.EINVAL;
  return 0;
}

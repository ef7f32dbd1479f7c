import { orderOfBytes } from '@mm/kmem';
import { KernelBug } from '@mm/printk';

import type { SlubBoot } from './boot-options.js';

const PAGE_SIZE = 4096;
/** An object's number is held in 15 bits. @see linux 6.1 mm/slub.c MAX_OBJS_PER_PAGE */
const OBJECTS_MAX = 32_767;
/** One above the top order. */
const MAX_ORDER = 11;

/**
 * Objects of `size` bytes that a slab of 2^order pages holds. An order of `slub_min_order` may be any number: the shift is one of 32
 * bits, as on the kernel's machines.
 */
export const objectsAtOrder = (order: number, size: number): number =>
  Math.floor(((PAGE_SIZE << order) >>> 0) / size);

function slabOrder(
  size: number,
  minObjects: number,
  maxOrder: number,
  fraction: number,
  minOrder: number,
): number {
  if (objectsAtOrder(minOrder, size) > OBJECTS_MAX) return orderOfBytes(size * OBJECTS_MAX) - 1;
  let order = Math.max(minOrder, orderOfBytes(minObjects * size));
  for (; order <= maxOrder; order++) {
    const bytes = PAGE_SIZE * 2 ** order;
    if (bytes % size <= Math.floor(bytes / fraction)) break;
  }
  return order;
}

/**
 * The order of a cache's slabs: enough objects, and at most a sixteenth, an eighth or a quarter of the slab wasted;
 * -1 when not even one object fits a block.
 *
 * @param cpus CPUs that are present; when that is one, those that may ever be.
 * @throws KernelBug for size 0, by which the kernel divides.
 * @example
 * calculateOrder(1024, SLUB_BOOT_DEFAULTS, 2); // 3
 * @see linux 6.1 mm/slub.c calculate_order
 */
export function calculateOrder(size: number, boot: SlubBoot, cpus: number): number {
  if (size === 0) throw new KernelBug('divide error: objects of size 0');
  const { minOrder, maxOrder } = boot;
  const wanted = boot.minObjects === 0 ? 4 * (32 - Math.clz32(cpus) + 1) : boot.minObjects;
  let minObjects = Math.min(wanted, objectsAtOrder(maxOrder, size));
  for (; minObjects > 1; minObjects--)
    for (let fraction = 16; fraction >= 4; fraction /= 2) {
      const order = slabOrder(size, minObjects, maxOrder, fraction, minOrder);
      if (order <= maxOrder) return order;
    }
  const single = slabOrder(size, 1, maxOrder, 1, minOrder);
  if (single <= maxOrder) return single;
  const large = slabOrder(size, 1, MAX_ORDER, 1, minOrder);
  return large < MAX_ORDER ? large : -1;
}

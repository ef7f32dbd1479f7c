import { bootParams, getOption } from '@mm/kmem';

/** SLAB's boot parameters. */
export interface SlabBoot {
  /** `slab_max_order`: the largest order taken to waste less; null: by the size of memory. */
  readonly maxOrder: number | null;
  /** `slab_nomerge`. */
  readonly nomerge: boolean;
}

/** What a kernel without parameters has. */
export const SLAB_BOOT_DEFAULTS: SlabBoot = { maxOrder: null, nomerge: false };

const TOP_ORDER = 10;

/**
 * Reads SLAB's parameters from a kernel command line; others are passed over. As in the kernel nothing on it is an error: what is
 * no number is 0, and `slab_max_order` is cut to what the page allocator has.
 *
 * @throws OptionError for a command line that is no text.
 * @example
 * parseSlabBoot('slab_nomerge slab_max_order=0').maxOrder; // 0
 * @see linux 6.1 Documentation/admin-guide/kernel-parameters.txt, mm/slab.c slab_max_order_setup
 */
export function parseSlabBoot(cmdline: string): SlabBoot {
  let { maxOrder, nomerge } = SLAB_BOOT_DEFAULTS;
  bootParams(cmdline, [
    [
      'slab_max_order=',
      (rest) => {
        // Given without a number it is set as well, to what it was, and no longer goes by the size of memory.
        maxOrder = Math.max(0, Math.min(getOption(rest, maxOrder ?? 0), TOP_ORDER));
      },
    ],
    [
      'slab_nomerge',
      () => {
        nomerge = true;
      },
    ],
    [
      'slab_merge',
      () => {
        nomerge = false;
      },
    ],
  ]);
  return { maxOrder, nomerge };
}

import { OptionError } from '@mm/printk';

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
 * Reads SLAB's parameters from a kernel command line; others are passed over.
 *
 * @throws OptionError for a number that is none or negative.
 * @example
 * parseSlabBoot('slab_nomerge slab_max_order=0').maxOrder; // 0
 * @see linux 6.1 Documentation/admin-guide/kernel-parameters.txt
 */
export function parseSlabBoot(cmdline: string): SlabBoot {
  let { maxOrder, nomerge } = SLAB_BOOT_DEFAULTS;
  for (const word of cmdline.split(/\s+/u)) {
    const [name = '', value] = word.split('=', 2);
    if (name === 'slab_max_order') {
      if (value === undefined || !/^\d+$/u.test(value)) throw new OptionError(name, 'a number from 0', value);
      maxOrder = Math.min(Number(value), TOP_ORDER);
    } else if (name === 'slab_nomerge') nomerge = true;
    else if (name === 'slab_merge') nomerge = false;
  }
  return { maxOrder, nomerge };
}

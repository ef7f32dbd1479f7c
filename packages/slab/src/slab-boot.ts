import { getOption } from '@mm/kmem';
import { checkText } from '@mm/printk';

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
 * @throws OptionError for a number that is none or negative, and for a command line that is no text.
 * @example
 * parseSlabBoot('slab_nomerge slab_max_order=0').maxOrder; // 0
 * @see linux 6.1 Documentation/admin-guide/kernel-parameters.txt
 */
export function parseSlabBoot(cmdline: string): SlabBoot {
  let { maxOrder, nomerge } = SLAB_BOOT_DEFAULTS;
  for (const word of checkText('cmdline', cmdline).split(/\s+/u)) {
    const [name = '', value = null] = word.split('=', 2);
    if (name === 'slab_max_order') maxOrder = Math.min(getOption(name, value), TOP_ORDER);
    else if (name === 'slab_nomerge') nomerge = true;
    else if (name === 'slab_merge') nomerge = false;
  }
  return { maxOrder, nomerge };
}

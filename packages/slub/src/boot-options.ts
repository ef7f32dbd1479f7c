import { getOption } from '@mm/kmem';
import { KernelLog, checkBoolean, checkInstance, checkText } from '@mm/printk';

import { type DebugOptions, NO_DEBUG, parseSlubDebug } from './debug-options.js';

/** Largest order that the page allocator has. */
const TOP_ORDER = 10;
/** @see linux 6.1 include/linux/mmzone.h PAGE_ALLOC_COSTLY_ORDER */
const COSTLY_ORDER = 3;

/** SLUB's boot parameters. */
export interface SlubBoot {
  /** `slub_min_order`: pages of the smallest slab, as a power of two. */
  readonly minOrder: number;
  /** `slub_max_order`: the largest order taken to waste less. */
  readonly maxOrder: number;
  /** `slub_min_objects`: objects wanted in a slab; 0: by the number of CPUs. */
  readonly minObjects: number;
  /** `slub_nomerge`, `slab_nomerge`. */
  readonly nomerge: boolean;
  readonly debug: DebugOptions;
}

/** What a kernel without parameters has. */
export const SLUB_BOOT_DEFAULTS: SlubBoot = {
  minOrder: 0,
  maxOrder: COSTLY_ORDER,
  minObjects: 0,
  nomerge: false,
  debug: NO_DEBUG,
};

/**
 * Reads SLUB's parameters from a kernel command line; others are passed over.
 *
 * @param failslab whether the kernel is built with CONFIG_FAILSLAB.
 * @throws OptionError for a number that is none or negative, and for a command line that is no text.
 * @example
 * parseSlubBoot('slub_nomerge slub_min_objects=8', log).minObjects; // 8
 * @see linux 6.1 Documentation/admin-guide/kernel-parameters.txt
 */
export function parseSlubBoot(cmdline: string, log: KernelLog, failslab = false): SlubBoot {
  checkInstance('log', log, KernelLog);
  checkBoolean('failslab', failslab);
  const boot: { -readonly [K in keyof SlubBoot]: SlubBoot[K] } = { ...SLUB_BOOT_DEFAULTS };
  for (const word of checkText('cmdline', cmdline).split(/\s+/u)) {
    const equals = word.indexOf('=');
    const name = equals === -1 ? word : word.slice(0, equals);
    const value = equals === -1 ? null : word.slice(equals + 1);
    if (name === 'slub_min_order') boot.minOrder = getOption(name, value);
    else if (name === 'slub_max_order') boot.maxOrder = Math.min(getOption(name, value), TOP_ORDER);
    else if (name === 'slub_min_objects') boot.minObjects = getOption(name, value);
    else if (name === 'slub_nomerge' || name === 'slab_nomerge') boot.nomerge = true;
    else if (name === 'slub_merge' || name === 'slab_merge') boot.nomerge = false;
    else if (name === 'slub_debug') boot.debug = parseSlubDebug(value, log, failslab, boot.debug);
  }
  return boot;
}

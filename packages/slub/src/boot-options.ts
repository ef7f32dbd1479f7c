import { bootParams, getOption } from '@mm/kmem';
import { KernelLog, checkBoolean, checkInstance } from '@mm/printk';

import { type DebugOptions, NO_DEBUG, parseSlubDebug } from './debug-options.js';

/** Largest order that the page allocator has. */
const TOP_ORDER = 10;
/** @see linux 6.1 include/linux/mmzone.h PAGE_ALLOC_COSTLY_ORDER */
const COSTLY_ORDER = 3;

/** SLUB's boot parameters. */
export interface SlubBoot {
  /** `slub_min_order`: pages of the smallest slab, as a power of two; an unsigned int of C's. Above 10 few caches can be made. */
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
 * Reads SLUB's parameters from a kernel command line; others are passed over. As in the kernel nothing on it is an error: what is
 * no number is 0, a negative one is an unsigned int's, and `slub_max_order` is cut at the page allocator's largest order.
 *
 * @param failslab whether the kernel is built with CONFIG_FAILSLAB.
 * @throws OptionError for a command line that is no text.
 * @example
 * parseSlubBoot('slub_nomerge slub_min_objects=8', log).minObjects; // 8
 * @see linux 6.1 Documentation/admin-guide/kernel-parameters.txt, mm/slub.c setup_slub_max_order
 */
export function parseSlubBoot(cmdline: string, log: KernelLog, failslab = false): SlubBoot {
  checkInstance('log', log, KernelLog);
  checkBoolean('failslab', failslab);
  const boot: { -readonly [K in keyof SlubBoot]: SlubBoot[K] } = { ...SLUB_BOOT_DEFAULTS };
  const nomerge = (to: boolean) => (): void => {
    boot.nomerge = to;
  };
  bootParams(cmdline, [
    [
      'slub_debug',
      // Of one that goes on otherwise the kernel hears the name alone.
      (rest) => {
        const value = rest.startsWith('=') ? rest.slice(1) : null;
        boot.debug = parseSlubDebug(value, log, failslab, boot.debug);
      },
    ],
    [
      'slub_min_order=',
      (rest) => {
        boot.minOrder = getOption(rest, boot.minOrder | 0) >>> 0;
      },
    ],
    [
      'slub_max_order=',
      (rest) => {
        boot.maxOrder = Math.min(getOption(rest, boot.maxOrder) >>> 0, TOP_ORDER);
      },
    ],
    [
      'slub_min_objects=',
      (rest) => {
        boot.minObjects = getOption(rest, boot.minObjects | 0) >>> 0;
      },
    ],
    ['slub_nomerge', nomerge(true)],
    ['slub_merge', nomerge(false)],
    ['slab_nomerge', nomerge(true)],
    ['slab_merge', nomerge(false)],
  ]);
  return boot;
}

import { type KernelLog, OptionError, checkBoolean, checkFlags, checkInteger, checkObject } from '@mm/printk';

import { FaultAttr, type FaultRate } from './fault-attr.js';

/** When allocations of pages fail although there is memory. Its `space` is in pages. */
export interface FaultAttributes extends FaultRate {
  /** Blocks below this order do not fail, 0..10. Default 0: the kernel's own default is 1. */
  readonly minOrder?: number;
  /** Those that may come from high memory do not fail. Default false: the kernel's own default is true. */
  readonly ignoreGfpHighmem?: boolean;
  /** Those that may wait do not fail. Default false: the kernel's own default is true. */
  readonly ignoreGfpWait?: boolean;
}

const ATTRIBUTES = [
  'probability',
  'interval',
  'times',
  'space',
  'minOrder',
  'ignoreGfpHighmem',
  'ignoreGfpWait',
  'seed',
  'verbose',
];
const HIGHMEM = 0x2;
const DIRECT_RECLAIM = 0x400;
const NOFAIL = 0x8000;
const NOWARN = 0x2000;

/**
 * Decides which allocations of pages fail, by the kernel's attributes. Set it as `pages.faults` and call `updateFloors(pages)`: the
 * fast path is then not taken, and costs nothing where there are no faults.
 *
 * @example
 * machine.pages.faults = new PageFaults({ interval: 10, times: 3 }); // the 10th, 20th and 30th
 * updateFloors(machine.pages);
 * @see linux 6.1 mm/page_alloc.c __should_fail_alloc_page
 */
export class PageFaults {
  readonly attr: FaultAttr;
  readonly minOrder: number;
  readonly ignoreGfpHighmem: boolean;
  readonly ignoreGfpWait: boolean;

  /** @throws OptionError naming the attribute. */
  constructor(attributes: FaultAttributes = {}) {
    checkObject('attributes', attributes, 'an object of attributes');
    for (const key of Object.keys(attributes))
      if (!ATTRIBUTES.includes(key)) throw new OptionError(key, `one of ${ATTRIBUTES.join(', ')}`, key);
    const { minOrder = 0, ignoreGfpHighmem = false, ignoreGfpWait = false, ...rate } = attributes;
    checkBoolean('ignoreGfpHighmem', ignoreGfpHighmem);
    checkBoolean('ignoreGfpWait', ignoreGfpWait);
    checkInteger('minOrder', minOrder, 0, 10);
    this.attr = new FaultAttr(rate);
    this.minOrder = minOrder;
    this.ignoreGfpHighmem = ignoreGfpHighmem;
    this.ignoreGfpWait = ignoreGfpWait;
  }

  /**
   * Whether the allocation that is asked for now is to fail; said in `log` with `verbose`.
   * @throws OptionError when `gfp` is not an integer of 32 bits, or `order` not 0..10.
   */
  shouldFail(gfp: number, order: number, log: KernelLog | null = null): boolean {
    checkFlags('gfp', gfp);
    checkInteger('order', order, 0, 10);
    if (order < this.minOrder || (gfp & NOFAIL) !== 0) return false;
    if (this.ignoreGfpHighmem && (gfp & HIGHMEM) !== 0) return false;
    if (this.ignoreGfpWait && (gfp & DIRECT_RECLAIM) !== 0) return false;
    return this.attr.fails(2 ** order, 'fail_page_alloc', (gfp & NOWARN) === 0 ? log : null);
  }
}

import { FaultAttr, type FaultRate } from '@mm/buddy';
import { OptionError, checkBoolean, checkObject } from '@mm/printk';
import { __GFP_DIRECT_RECLAIM, __GFP_NOFAIL, __GFP_NOWARN } from '@mm/zones';

import { checkCache, checkGfp } from './check-arguments.js';
import type { KmemCache } from './kmem-cache.js';
import { SLAB_FAILSLAB } from './slab-flags.js';

/** When allocations of objects fail although there is memory. */
export interface SlabFaultAttributes extends FaultRate {
  /** Those that may wait do not fail. Default false: the kernel's own default is true. */
  readonly ignoreGfpWait?: boolean;
  /** Only caches with SLAB_FAILSLAB fail: those that `slub_debug=A` names. Default false. */
  readonly cacheFilter?: boolean;
}

const ATTRIBUTES = [
  'probability',
  'interval',
  'times',
  'space',
  'seed',
  'verbose',
  'ignoreGfpWait',
  'cacheFilter',
];

/**
 * Decides which allocations of objects fail, by the kernel's attributes: before anything is touched, on the fast path too. A bulk
 * allocation is one request. Set it as `machine.kmem.faults`.
 *
 * @example
 * machine.kmem.faults = new SlabFaults({ interval: 10, times: 3 }); // the 10th, 20th and 30th
 * @see linux 6.1 mm/failslab.c __should_failslab
 */
export class SlabFaults {
  readonly attr: FaultAttr;
  readonly ignoreGfpWait: boolean;
  readonly cacheFilter: boolean;
  /** Told of each failure, before its caller is; null: nobody is. */
  onFailure: ((cache: KmemCache) => void) | null = null;

  /** @throws OptionError naming the attribute. */
  constructor(attributes: SlabFaultAttributes = {}) {
    checkObject('attributes', attributes, 'an object of attributes');
    for (const key of Object.keys(attributes))
      if (!ATTRIBUTES.includes(key)) throw new OptionError(key, `one of ${ATTRIBUTES.join(', ')}`, key);
    const { ignoreGfpWait = false, cacheFilter = false, ...rate } = attributes;
    checkBoolean('ignoreGfpWait', ignoreGfpWait);
    checkBoolean('cacheFilter', cacheFilter);
    this.attr = new FaultAttr(rate);
    this.ignoreGfpWait = ignoreGfpWait;
    this.cacheFilter = cacheFilter;
  }

  /** Whether the allocation from `cache` that is asked for now is to fail; said in the log with `verbose`. @throws OptionError for what is no cache or no flags. */
  shouldFail(cache: KmemCache, gfp: number): boolean {
    checkCache(cache);
    checkGfp(gfp);
    // The cache that caches themselves are made from never fails.
    if (cache.name === 'kmem_cache' || (gfp & __GFP_NOFAIL) !== 0) return false;
    if (this.ignoreGfpWait && (gfp & __GFP_DIRECT_RECLAIM) !== 0) return false;
    if (this.cacheFilter && (cache.flags & SLAB_FAILSLAB) === 0) return false;
    const told = (gfp & __GFP_NOWARN) === 0 && this.attr.rate.verbose > 0 ? cache.system.log : null;
    if (!this.attr.fails(cache.objectSize, 'failslab', told)) return false;
    if (this.onFailure !== null) this.onFailure(cache);
    return true;
  }
}

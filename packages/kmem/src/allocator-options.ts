import type { PageAllocator } from '@mm/buddy';
import { checkBoolean, checkInstance, checkObject } from '@mm/printk';
import { CellSpace } from '@mm/steps';

import { checkArch, checkPages, checkSeries } from './check-arguments.js';
import type { Series } from './series.js';
import type { SlabArch } from './slab-arch.js';
import { SlabFaults } from './slab-faults.js';

/** What either slab allocator is made from. */
export interface AllocatorOptions {
  readonly pages: PageAllocator;
  readonly cells: CellSpace;
  /** Default `merged`. */
  readonly series?: Series;
  /** Default x86_64. */
  readonly arch?: SlabArch;
  /** Which allocations of objects fail although there is memory. Default: none. */
  readonly faults?: SlabFaults | null;
  /** Make the caches of the boot. Default true. */
  readonly bootCaches?: boolean;
}

/**
 * Options of either allocator; each looks at those that it has alone.
 *
 * @throws OptionError naming the option.
 * @example
 * checkAllocatorOptions({ pages, cells });
 */
export function checkAllocatorOptions(options: AllocatorOptions): void {
  checkObject('options', options, 'an object of options');
  checkPages(options.pages);
  checkInstance('cells', options.cells, CellSpace);
  if (options.series !== undefined) checkSeries(options.series);
  if (options.arch !== undefined) checkArch(options.arch);
  if (options.faults !== undefined && options.faults !== null)
    checkInstance('faults', options.faults, SlabFaults);
  if (options.bootCaches !== undefined) checkBoolean('bootCaches', options.bootCaches);
}

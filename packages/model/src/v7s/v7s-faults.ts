import { PageFaults, parseFaultRate, updateFloors } from '@mm/buddy';
import { SlabFaults } from '@mm/kmem';
import type { Machine } from '@mm/machine';

import type { WorldOptions } from '../subsystem.js';

/** Options of a machine on which the page table itself is made without a fault: without it there is nothing to check. */
export function withoutFaults({
  faults: _faults,
  failslab: _failslab,
  ...options
}: WorldOptions): Omit<WorldOptions, 'faults' | 'failslab'> {
  return options;
}

/** From now on allocations fail as the options say: of tables, of what tables are cut from, and of everybody else's pages. */
export function beginFaults({ pages, kmem }: Machine, { faults, failslab }: WorldOptions): void {
  if (faults !== undefined) {
    pages.faults = new PageFaults(parseFaultRate(faults, 'faults'));
    updateFloors(pages);
  }
  if (failslab !== undefined) kmem.faults = new SlabFaults(parseFaultRate(failslab, 'failslab'));
}

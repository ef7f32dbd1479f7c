import type { PageAllocator } from '@mm/buddy';
import type { SlabSystem } from '@mm/slab';
import type { SlubSystem } from '@mm/slub';
import type { VmSysctls } from '@mm/zones';

import type { KernelConfig } from './kernel-config.js';

/** The parts of a machine that /sys and /proc show. */
export interface SysfsParts {
  readonly pages: PageAllocator;
  readonly kmem: SlubSystem | SlabSystem;
  readonly sysctls: VmSysctls;
  readonly config: KernelConfig;
}

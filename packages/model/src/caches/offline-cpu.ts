import { ArrayWord, SlabCache } from '@mm/slab';
import { CPU_SHIFT, CpuWord } from '@mm/slub';

import { ModelViolation } from '../model-violation.js';
import type { CacheWorld } from './cache-world.js';

/** A CPU has gone away: what it kept of each cache is given back, or nobody could use it. @throws ModelViolation */
export function checkHoldsNothing({ kmem }: CacheWorld, cpu: number): void {
  const at = cpu << CPU_SHIFT;
  for (const cache of kmem.register.caches) {
    const nothing =
      cache instanceof SlabCache
        ? cache.arrays[cpu]!.words[ArrayWord.avail] === 0
        : cache.cpu[at | CpuWord.slab] === -1 && cache.cpu[at | CpuWord.partial] === 0;
    if (!nothing)
      throw new ModelViolation('a CPU that is offline holds nothing', `CPU ${cpu} of ${cache.name}`);
  }
}

import { PcpWord, pcpAt } from '@mm/buddy';
import { ArrayWord, SlabCache } from '@mm/slab';
import { CPU_SHIFT, CpuWord } from '@mm/slub';

import { ModelViolation } from '../model-violation.js';
import type { CacheWorld } from './cache-world.js';

/** A CPU has gone away: what it kept of each cache and its pages are given back, or nobody could use them. @throws ModelViolation */
export function checkHoldsNothing(world: CacheWorld, cpu: number): void {
  const what = kept(world, cpu);
  if (what !== undefined)
    throw new ModelViolation('a CPU that is offline holds nothing', `CPU ${cpu} of ${what}`);
}

function kept({ kmem, machine: { pages, zones } }: CacheWorld, cpu: number): string | undefined {
  const at = cpu << CPU_SHIFT;
  for (const cache of kmem.register.caches) {
    const nothing =
      cache instanceof SlabCache
        ? cache.arrays[cpu]!.words[ArrayWord.avail] === 0
        : cache.cpu[at | CpuWord.slab] === -1 && cache.cpu[at | CpuWord.partial] === 0;
    if (!nothing) return cache.name;
  }
  return zones.names.find((_, zone) => {
    const words = pcpAt(cpu, zone);
    return pages.pcpState[words + PcpWord.count] !== 0 || pages.pcpState[words + PcpWord.freeDiff] !== 0;
  });
}

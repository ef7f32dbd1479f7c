import { CHUNK_PAGES, orderOfFlags } from '@mm/memory';

import { highOf } from './free-pointer.js';
import type { SlubCache } from './slub-cache.js';
import { CpuWord } from './slub-stats.js';

/**
 * The CPU whose words begin at `at` holds the slab at `slot`; its free list is for the caller to set. Where the slab's bytes
 * lie is noted beside it, so that the fast path finds a free pointer by one addition instead of through system, directory
 * and chunk.
 */
export function takeCpuSlab(cache: SlubCache, at: number, slot: number): void {
  const { cpu, system, memory } = cache;
  const { frames } = system;
  const pfn = frames.pfnOf(slot);
  // A slab of up to a chunk is aligned to its size, and so lies in one chunk.
  const order = orderOfFlags(frames.flags[slot]!);
  const direct = system.plain && 1 << order <= CHUNK_PAGES;
  cpu[at | CpuWord.slab] = pfn;
  cpu[at | CpuWord.chunk] = direct ? memory.directory[pfn >> 4]! : 0;
  cpu[at | CpuWord.pointerBase] = direct ? memory.wordIndexOf(pfn) + (cache.offset >> 2) : 0;
  cpu[at | CpuWord.high] = direct ? highOf(cache, pfn, 0) : -1;
  // By the order, which nobody changes: the slab's counters are being exchanged by others.
  const objects = order === cache.order ? cache.objects : cache.minObjects;
  const last = cache.firstOffset + (objects - 1) * cache.size;
  cpu[at | CpuWord.freeBelow] = direct && cache.unchecked ? last + 1 : 0;
}

/** The CPU whose words begin at `at` holds no slab any more. */
export function dropCpuSlab(cache: SlubCache, at: number): void {
  const { cpu } = cache;
  cpu[at | CpuWord.slab] = -1;
  cpu[at | CpuWord.freelist] = 0;
  cpu[at | CpuWord.freeBelow] = 0;
  cpu[at | CpuWord.tid]! += cache.tidStep;
}

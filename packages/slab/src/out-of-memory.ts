import { LogLevel } from '@mm/printk';
import { __GFP_NOWARN, formatGfp } from '@mm/zones';

import { NodeWord, type SlabCache } from './slab-cache.js';

/** Says in the log that a slab could not be had. @see linux 6.1 mm/slab.c slab_out_of_memory */
export function reportOutOfMemory(cache: SlabCache, gfp: number): void {
  const { system, node } = cache;
  // A kernel without DEBUG_SLAB says nothing.
  if (!system.debug || (gfp & __GFP_NOWARN) !== 0 || system.oomReportsLeft === 0) return;
  system.oomReportsLeft--;
  const warn = (text: string): void => system.log.write(LogLevel.warning, text);
  const total = node[NodeWord.totalSlabs]!;
  const free = node[NodeWord.freeSlabs]!;
  const objects = total * cache.num;
  warn(`SLAB: Unable to allocate memory on node -1, gfp=0x${gfp.toString(16)}(${formatGfp(gfp)})`);
  warn(`  cache: ${cache.name}, object size: ${cache.size}, order: ${cache.order}`);
  warn(
    `  node 0: slabs: ${total - free}/${total}, objs: ${objects - node[NodeWord.freeObjects]!}/${objects}`,
  );
}

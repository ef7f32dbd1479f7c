import { orderOfBytes } from '@mm/kmem';
import { LogLevel } from '@mm/printk';
import { __GFP_NOWARN, formatGfp } from '@mm/zones';

import { inuseOf, objectsOf } from './slab-counters.js';
import { partialSlabs } from './slab-lists.js';
import { NodeWord, type SlubCache } from './slub-cache.js';

/** Says in the log that a slab could not be had. @see linux 6.1 mm/slub.c slab_out_of_memory */
export function reportOutOfMemory(cache: SlubCache, gfp: number): void {
  const { system, node } = cache;
  if ((gfp & __GFP_NOWARN) !== 0 || system.oomReportsLeft === 0) return;
  system.oomReportsLeft--;
  const warn = (text: string): void => system.log.write(LogLevel.warning, text);
  warn(`SLUB: Unable to allocate memory on node -1, gfp=0x${gfp.toString(16)}(${formatGfp(gfp)})`);
  warn(
    `  cache: ${cache.name}, object size: ${cache.objectSize}, buffer size: ${cache.size}, ` +
      `default order: ${cache.order}, min order: ${cache.minOrder}`,
  );
  if (cache.minOrder > orderOfBytes(cache.objectSize))
    warn(`  ${cache.name} debugging increased min order, use slub_debug=O to disable.`);
  let free = 0;
  for (const slot of partialSlabs(cache)) {
    const counters = system.frames.owner2[slot]!;
    free += objectsOf(counters) - inuseOf(counters);
  }
  warn(`  node 0: slabs: ${node[NodeWord.nrSlabs]}, objs: ${node[NodeWord.totalObjects]}, free: ${free}`);
}

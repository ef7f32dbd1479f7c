import { type Machine, createMachine } from '@mm/machine';
import { NodeWord, SlabCache, SlabSystem, parseSlabBoot } from '@mm/slab';

import { BOOT_REQUESTS } from './boot-requests.js';
import { type BootedWith, PAGEBLOCK_ORDER, constructorOf } from './slub-boot.js';

/** A machine with SLAB, as the recorded kernel boots it. */
export interface SlabMachine {
  readonly machine: Machine;
  readonly slab: SlabSystem;
}

/**
 * Starts a machine as a recording says.
 * @param debug built with DEBUG_SLAB.
 */
export function bootSlab({ cpus, mem, cmdline }: BootedWith, debug = false): SlabMachine {
  const machine = createMachine({ preset: 'x86_64', pageblockOrder: PAGEBLOCK_ORDER, ramBytes: mem, cpus });
  const { pages, cells } = machine;
  return { machine, slab: new SlabSystem({ pages, cells, boot: parseSlabBoot(cmdline), debug }) };
}

/** Makes the caches that the recorded kernel asks for while it boots. */
export function makeSlabBootCaches({ machine, slab }: SlabMachine): void {
  for (const [name, size, align, flags, usersize, ctor] of BOOT_REQUESTS) {
    const request = { name, size, align, flags, usersize, ctor: constructorOf(machine, ctor) };
    if (slab.register.create(request) === null) throw new Error(`${name} could not be made`);
  }
}

/** A cache's structure under the names that recordings give its fields. */
export const slabStruct = (cache: SlabCache): Record<string, string | number | null> => ({
  name: cache.name,
  flags: cache.flags,
  size: cache.size,
  object_size: cache.objectSize,
  align: cache.align,
  num: cache.num,
  gfporder: cache.order,
  allocflags: cache.allocFlags,
  refcount: cache.refcount,
  colour: cache.colour,
  colour_off: cache.colourOff,
  freelist_size: cache.freelistSize,
  limit: cache.limit,
  batchcount: cache.batchcount,
  shared: cache.shared,
  free_limit: cache.node[NodeWord.freeLimit]!,
  useroffset: cache.useroffset,
  usersize: cache.usersize,
  // Only kernels built with DEBUG_SLAB have the field.
  obj_offset: cache.system.debug ? cache.objOffset : null,
});

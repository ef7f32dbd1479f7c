import type { SlubCache } from '@mm/slub';

/** A cache's structure under the names that recordings give its fields. */
export const slubStruct = (cache: SlubCache): Record<string, string | number> => ({
  name: cache.name,
  uid: cache.uid,
  flags: cache.flags,
  size: cache.size,
  object_size: cache.objectSize,
  inuse: cache.inuse,
  offset: cache.offset,
  align: cache.align,
  red_left_pad: cache.redLeftPad,
  order: cache.order,
  objects: cache.objects,
  min_order: cache.minOrder,
  min_objects: cache.minObjects,
  allocflags: cache.allocFlags,
  refcount: cache.refcount,
  min_partial: cache.minPartial,
  cpu_partial: cache.cpuPartial,
  cpu_partial_slabs: cache.cpuPartialSlabs,
  useroffset: cache.useroffset,
  usersize: cache.usersize,
  has_ctor: cache.ctor === null ? 0 : 1,
});

import type { KmemCache, OpenRequest } from '@mm/kmem';

/** A request for a cache after the checks of creation: nothing is left out. */
export const REQUEST: OpenRequest = {
  name: 'y',
  size: 64,
  align: 8,
  flags: 0,
  useroffset: 0,
  usersize: 0,
  ctor: null,
  refcount: 1,
};

/** What of a request's fields is good: much the kernel itself answers, with no memory and the reason in the log. */
export const REQUEST_FIELDS = {
  name: ["'x'"],
  size: [],
  align: ['undefined'],
  flags: ['undefined'],
  useroffset: ['undefined'],
  usersize: ['undefined'],
  ctor: ['undefined', 'null', 'function'],
};

/** As {@link REQUEST_FIELDS}, after the checks. */
export const OPEN_FIELDS = {
  ...REQUEST_FIELDS,
  align: [],
  flags: [],
  useroffset: [],
  usersize: [],
  ctor: ['null', 'function'],
  refcount: ['-1'],
};

/** What of an architecture's fields is good. */
export const ARCH_FIELDS = {
  pointerBytes: [],
  cacheLineBytes: [],
  slabMinAlign: [],
  kmallocMinAlign: [],
  cmpxchgDouble: ['true'],
  isX86: ['true'],
  pageOffset: ['1n'],
};

/** What of a cache's fields is good, where a merge reads them. */
export const CACHE_FIELDS = { size: [], align: [], usersize: [], flags: ['-1'], refcount: ['-1'] };

/** A cache as its fields are read, so that one of them can be wrong. */
export const asRead = (cache: KmemCache): KmemCache => ({ ...cache });

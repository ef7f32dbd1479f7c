/**
 * What cache creation decides about a cache and its slabs, and what the allocator only reads afterwards (`minPartial`,
 * `cpuPartial` and `cpuPartialSlabs` can also be written through sysfs). Bytes unless said otherwise.
 * @see linux 6.1 include/linux/slub_def.h struct kmem_cache
 */
export interface SlubGeometry {
  /** Bytes from one object to the next, metadata included. */
  readonly size: number;
  /** Bytes the caller asked for. */
  readonly objectSize: number;
  /** Where metadata begins, from the object's start. */
  readonly inuse: number;
  /** Where the free pointer lies, from the object's start. */
  readonly offset: number;
  readonly align: number;
  /** Bytes of red zone before each object. */
  readonly redLeftPad: number;
  /** Order of a normal slab, and the objects in it. */
  readonly order: number;
  readonly objects: number;
  /** Order of the slab taken when memory is short, and the objects in it. */
  readonly minOrder: number;
  readonly minObjects: number;
  /** GFP bits the cache adds to every page allocation (`__GFP_COMP`, zone bits, `__GFP_RECLAIMABLE`). */
  readonly allocFlags: number;
  /** SLAB_* flags, as an unsigned 32-bit number. */
  readonly flags: number;
  /** Slabs the node's partial list keeps although they are empty. */
  readonly minPartial: number;
  /** Free objects wanted on a CPU's partial list. */
  readonly cpuPartial: number;
  /** The same in slabs, half full each. */
  readonly cpuPartialSlabs: number;
  /** The region that may be copied to user space. */
  readonly useroffset: number;
  readonly usersize: number;
  /** Runs once for each object of a new slab, with the object's physical address; null for none. */
  readonly ctor: ((object: number) => void) | null;
}

import type { KernelLog } from '@mm/printk';

/** Runs once for each object of a new slab, with the object's physical address. */
export type Constructor = (object: number) => void;

/** The arguments of `kmem_cache_create_usercopy`. Bytes. */
export interface CacheRequest {
  readonly name: string;
  /** Bytes of an object. */
  readonly size: number;
  /** 0 for none. */
  readonly align?: number;
  /** SLAB_* flags. */
  readonly flags?: number;
  /** The part of an object that may be copied to user space. */
  readonly useroffset?: number;
  readonly usersize?: number;
  readonly ctor?: Constructor | null;
}

/** A request after the checks: what the allocator opens. */
export interface OpenRequest {
  readonly name: string;
  readonly size: number;
  readonly align: number;
  /** An unsigned 32-bit number. */
  readonly flags: number;
  readonly useroffset: number;
  readonly usersize: number;
  readonly ctor: Constructor | null;
  /** A cache of the boot itself: -1 references for the two that hold the allocator's own structures. */
  readonly refcount: number;
}

/** What the register knows of a cache, whichever allocator it belongs to. */
export interface KmemCache {
  readonly name: string;
  /** Bytes from one object to the next. */
  readonly size: number;
  /** Bytes of an object, the largest of all users of the cache. */
  objectSize: number;
  readonly align: number;
  /** An unsigned 32-bit number, the allocator's private bits included. */
  flags: number;
  readonly useroffset: number;
  readonly usersize: number;
  readonly ctor: Constructor | null;
  /** Users of the cache; negative: never merged. */
  refcount: number;
  /** The allocator that it is of. */
  readonly system: { readonly log: KernelLog };
}

/** What an allocator does when the register makes or shares a cache. */
export interface CacheOpener<C extends KmemCache> {
  /** A cache with these flags is asked for: called before any check. */
  prepare(flags: number): void;
  /** Flags that boot parameters add. @see linux 6.1 mm/slub.c kmem_cache_flags */
  bootFlags(flags: number, name: string): number;
  /** Makes the cache, or answers a negative errno. @see linux 6.1 mm/slub.c __kmem_cache_create */
  open(request: OpenRequest): C | number;
  /** Another user of `cache`: takes the name, or answers false to have a cache of its own. */
  alias(cache: C, name: string, size: number): boolean;
}

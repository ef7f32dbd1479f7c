import { checkBoolean } from '@mm/printk';

import { alignUp, calculateAlignment } from './alignment.js';
import { checkCache, checkMerge } from './check-arguments.js';
import type { KmemCache, OpenRequest } from './kmem-cache.js';
import type { SlabArch } from './slab-arch.js';
import { SLAB_MERGE_SAME, SLAB_NEVER_MERGE } from './slab-flags.js';

/**
 * Whether `cache` never takes another user: it has flags of debugging, a constructor, a region for user copies, or
 * belongs to the allocator.
 *
 * @throws OptionError naming the field of the cache that is none.
 * @example
 * isUnmergeable(cache, false); // true for one with a constructor
 * @see linux 6.1 mm/slab_common.c slab_unmergeable
 */
export function isUnmergeable(cache: KmemCache, nomerge: boolean): boolean {
  checkCache(cache);
  return neverMerges(cache, checkBoolean('nomerge', nomerge));
}

const neverMerges = (cache: KmemCache, nomerge: boolean): boolean =>
  nomerge ||
  (cache.flags & SLAB_NEVER_MERGE) !== 0 ||
  cache.ctor !== null ||
  cache.usersize !== 0 ||
  cache.refcount < 0;

/** What decides about a merge beside the two caches. */
export interface MergeRules {
  readonly arch: SlabArch;
  /** SLAB also wants an alignment that divides the other's. */
  readonly isSlab: boolean;
  readonly nomerge: boolean;
}

/**
 * The oldest cache that can serve `request` as well, or null.
 *
 * @param caches oldest first.
 * @param flags of the request with what boot parameters add.
 * @throws OptionError naming the argument, or the field of one, that is wrong.
 * @example
 * findMergeable(caches, rules, request, request.flags); // an older cache that can serve it, or null
 * @see linux 6.1 mm/slab_common.c find_mergeable
 */
export function findMergeable<C extends KmemCache>(
  caches: readonly C[],
  rules: MergeRules,
  request: OpenRequest,
  flags: number,
): C | null {
  checkMerge(caches, rules, request, flags);
  return oldestMergeable(caches, rules, request, flags);
}

/** {@link findMergeable} among caches that are known to be some. */
export function oldestMergeable<C extends KmemCache>(
  caches: readonly C[],
  rules: MergeRules,
  request: OpenRequest,
  flags: number,
): C | null {
  const { arch, isSlab, nomerge } = rules;
  if (nomerge || request.ctor !== null || (flags & SLAB_NEVER_MERGE) !== 0) return null;
  const rounded = alignUp(request.size, arch.pointerBytes);
  const align = calculateAlignment(arch, request.flags, request.align, rounded);
  const size = alignUp(rounded, align);
  for (const cache of caches) {
    if (neverMerges(cache, false)) continue;
    if (size > cache.size) continue;
    if ((flags & SLAB_MERGE_SAME) !== (cache.flags & SLAB_MERGE_SAME)) continue;
    if ((cache.size & ~(align - 1)) >>> 0 !== cache.size) continue;
    if (cache.size - size >= arch.pointerBytes) continue;
    if (isSlab && align !== 0 && (align > cache.align || cache.align % align !== 0)) continue;
    return cache;
  }
  return null;
}

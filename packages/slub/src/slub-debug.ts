import type { SlubCache } from './slub-cache.js';

/**
 * What debugging adds to caches with debug flags. `slot` is the slab's first frame, `object` its offset in the slab | 1.
 */

/** A new slab, before its objects are set up. @see linux 6.1 mm/slub.c setup_slab_debug */
export function setupSlabDebug(_cache: SlubCache, _slot: number): void {}
/** @see linux 6.1 mm/slub.c setup_object_debug */
export function setupObjectDebug(_cache: SlubCache, _slot: number, _object: number): void {}
/** False: the object must not be handed out. @see linux 6.1 mm/slub.c alloc_debug_processing */
export const allocDebugProcessing = (
  _cache: SlubCache,
  _slot: number,
  _object: number,
  _origSize: number,
): boolean => true;
/** Notes who allocates. @see linux 6.1 mm/slub.c set_track */
export function trackAlloc(_cache: SlubCache, _slot: number, _object: number, _cpu: number): void {}
/**
 * How many of the objects from `head` to `tail` may be freed; 0: none.
 * @see linux 6.1 mm/slub.c free_debug_processing
 */
export const freeDebugProcessing = (
  _cache: SlubCache,
  _slot: number,
  _head: number,
  _tail: number,
  count: number,
  _cpu: number,
): number => count;
/** A slab is about to be given back. @see linux 6.1 mm/slub.c __free_slab */
export function checkFreedSlab(_cache: SlubCache, _slot: number): void {}
/** Reports the live objects of a slab. @see linux 6.1 mm/slub.c list_slab_objects */
export function listSlabObjects(_cache: SlubCache, _slot: number, _text: string): void {}
/** Checks the slabs on the node's lists. @see linux 6.1 mm/slub.c validate_slab_node */
export const validateSlabs = (_cache: SlubCache, _partial: number, _slabs: number): number => 0;

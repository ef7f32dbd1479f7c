import type { PageAllocator } from './page-allocator.js';

/** The state of a page allocator at one moment, but for its frames and memory. Opaque. */
export interface AllocatorImage {
  readonly arrays: readonly (Int32Array | Uint8Array)[];
}

/** The zones' watermarks and boosts are part of the state: an allocation may raise a boost. */
const arraysOf = (pages: PageAllocator): (Int32Array | Uint8Array)[] => [
  pages.state,
  pages.areaFree,
  pages.listMask,
  pages.topNext,
  pages.topPrev,
  pages.topFree,
  pages.blockInfo,
  pages.zoneWords,
];

/**
 * A copy of the allocator's own state. Frames and memory have their own `snapshot()`; take all three.
 *
 * @example
 * const image = snapshotAllocator(pages);
 * const frames = pages.frames.snapshot();
 */
export function snapshotAllocator(pages: PageAllocator): AllocatorImage {
  return { arrays: arraysOf(pages).map((array) => array.slice()) };
}

/**
 * Brings back what {@link snapshotAllocator} of this allocator returned.
 *
 * @example
 * restoreAllocator(pages, image);
 * pages.frames.restore(frames);
 */
export function restoreAllocator(pages: PageAllocator, image: AllocatorImage): void {
  arraysOf(pages).forEach((array, i) => array.set(image.arrays[i]!));
}

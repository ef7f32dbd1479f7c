import { OptionError } from '@mm/printk';

import { checkAllocator } from './check-arguments.js';
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
  pages.sharedBlockTypes,
  pages.zoneWords,
  pages.online,
];

/**
 * A copy of the allocator's own state. Frames and memory have their own `snapshot()`; take all three.
 *
 * @throws OptionError for what is no PageAllocator.
 * @example
 * const image = snapshotAllocator(pages);
 * const frames = pages.frames.snapshot();
 */
export function snapshotAllocator(pages: PageAllocator): AllocatorImage {
  return { arrays: arraysOf(checkAllocator(pages)).map((array) => array.slice()) };
}

/**
 * Brings back what {@link snapshotAllocator} of this allocator returned.
 *
 * @throws OptionError for what is no PageAllocator, and an image of another machine; nothing has changed then.
 * @example
 * restoreAllocator(pages, image);
 * pages.frames.restore(frames);
 */
export function restoreAllocator(pages: PageAllocator, image: AllocatorImage): void {
  const arrays = arraysOf(checkAllocator(pages));
  const saved: unknown = (image as AllocatorImage | null)?.arrays;
  const fits = (array: Int32Array | Uint8Array, i: number): boolean => {
    const one: unknown = (saved as readonly unknown[])[i];
    return (
      array.constructor === (one as object | undefined)?.constructor &&
      (one as Uint8Array).length === array.length
    );
  };
  if (!Array.isArray(saved) || saved.length !== arrays.length || !arrays.every(fits))
    throw new OptionError('image', 'what snapshotAllocator() of this allocator returned', image);
  arrays.forEach((array, i) => array.set(image.arrays[i]!));
}

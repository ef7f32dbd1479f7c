import { PageFlag, orderOfFlags } from '@mm/memory';

import type { PageAllocator } from './page-allocator.js';

/**
 * Thrown by a strict machine for a misuse that the kernel would not notice. Nothing has changed.
 * @example
 * try {
 *   freePages(ctx, strict.pages, pfn, 0);
 * } catch (error) {
 *   if (error instanceof MisuseError) console.error(error.pfn, error.message);
 * }
 */
export class MisuseError extends Error {
  override readonly name = 'MisuseError';
  readonly pfn: number;

  constructor(pfn: number, what: string) {
    super(`page 0x${pfn.toString(16)}: ${what}`);
    this.pfn = pfn;
  }
}

/** @throws MisuseError when `slot` does not head an allocated block of `order`. */
export function refuseMisuse(pages: PageAllocator, slot: number, order: number): void {
  const frames = pages.frames;
  const flags = frames.flags[slot]!;
  if ((flags & PageFlag.allocated) === 0 || frames.refcount[slot]! < 1)
    throw new MisuseError(
      frames.pfnOf(slot),
      'expected an allocated block to free, got a page that heads none',
    );
  if (orderOfFlags(flags) !== order)
    throw new MisuseError(
      frames.pfnOf(slot),
      `expected to be freed with order ${orderOfFlags(flags)}, got order ${order}`,
    );
}

import { PageFlag, type PageFrames } from '@mm/memory';

const TAIL = PageFlag.tail;

/**
 * The slot of the first frame of the block that holds page frame `pfn`. On the way of frees: does not check its arguments.
 * @example
 * headSlotOf(machine.frames, pfn);
 * @see linux 6.1 mm/slab.h virt_to_slab
 */
export function headSlotOf(frames: PageFrames, pfn: number): number {
  const slot = frames.peekSlotOf(pfn);
  return (frames.flags[slot]! & TAIL) === 0 ? slot : frames.next[slot]!;
}

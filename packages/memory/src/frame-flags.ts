/**
 * The bits of a page frame's `flags` word.
 *
 * | bits   | meaning                                                                          |
 * | ------ | -------------------------------------------------------------------------------- |
 * | 0..16  | flags of the kernel's struct page, same numbers                                  |
 * | 24     | buddy: head of a block on a free list, `order` holds its order                    |
 * | 25     | tail: inside a compound block, `next` holds the slot of its head                  |
 * | 26     | allocated: head of a block handed out, `order` holds its order                    |
 * | 27     | held: used, but nobody accounts for it (a loaded state)                           |
 * | 28     | pcp: on a per-cpu list                                                            |
 * @see linux 6.1 include/linux/page-flags.h
 */
export const PageFlag = {
  locked: 1 << 0,
  referenced: 1 << 1,
  lru: 1 << 4,
  active: 1 << 5,
  slab: 1 << 9,
  reserved: 1 << 12,
  private: 1 << 13,
  writeback: 1 << 15,
  head: 1 << 16,
  buddy: 1 << 24,
  tail: 1 << 25,
  allocated: 1 << 26,
  held: 1 << 27,
  pcp: 1 << 28,
} as const;
export type PageFlag = (typeof PageFlag)[keyof typeof PageFlag];

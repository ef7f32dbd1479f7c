/**
 * The bits of a page frame's `flags` word.
 *
 * | bits   | meaning                                                                          |
 * | ------ | -------------------------------------------------------------------------------- |
 * | 0..16  | flags of the kernel's struct page, same numbers                                  |
 * | 17..20 | order of the block, free or allocated, that the frame heads                     |
 * | 21..23 | zone of the free block that the frame heads                                     |
 * | 24     | buddy: heads a block on a free list                                             |
 * | 25     | tail: inside a compound block, `next` holds the slot of its head                |
 * | 26     | allocated: heads a block handed out, `order` holds its order                    |
 * | 27     | odd reference: the count went below 0                                           |
 *
 * A frame whose reference count is not 0 has bit 26 or 27. So a block is fit to be handed out when the
 * flags of all its frames are 0.
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
  oddReference: 1 << 27,
} as const;
export type PageFlag = (typeof PageFlag)[keyof typeof PageFlag];

/** Where a block's order lies in its head's flags, free or allocated. */
export const BLOCK_ORDER_SHIFT = 17;
/** Where a free block's zone lies in its head's flags. Zones are 0..7. */
export const BUDDY_ZONE_SHIFT = 21;
/** The bits that tell whether a frame heads a free block, of which order and zone. */
export const BUDDY_MASK = 0x1fe0000;

/**
 * What the {@link BUDDY_MASK} bits of the head of a free block are.
 *
 * @example
 * (frames.flags[slot] & BUDDY_MASK) === buddyKey(zone, order); // a whole free block of that order
 */
export const buddyKey = (zone: number, order: number): number =>
  PageFlag.buddy | (zone << BUDDY_ZONE_SHIFT) | (order << BLOCK_ORDER_SHIFT);

/**
 * The order of the block, free or allocated, that a frame with these flags heads: 0..10.
 * @example
 * orderOfFlags(buddyKey(1, 3)); // 3
 */
export const orderOfFlags = (flags: number): number => (flags >> BLOCK_ORDER_SHIFT) & 15;

/**
 * The order that the pages themselves tell of the block that a frame with these flags heads: 0 where they are not compound.
 *
 * @example
 * compoundOrder(PageFlag.head | (3 << BLOCK_ORDER_SHIFT)); // 3
 * @see linux 6.1 include/linux/mm.h folio_order
 */
export const compoundOrder = (flags: number): number =>
  (flags & PageFlag.head) === 0 ? 0 : orderOfFlags(flags);

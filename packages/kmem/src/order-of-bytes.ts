/**
 * The least order whose block of pages holds `bytes`, 1..2^32.
 * @example
 * orderOfBytes(8193); // 2
 * @see linux 6.1 include/asm-generic/getorder.h
 */
export const orderOfBytes = (bytes: number): number =>
  bytes <= 4096 ? 0 : 20 - Math.clz32((bytes - 1) >>> 0);

import { checkInteger } from '@mm/printk';

/**
 * The least order whose block of pages holds `bytes`; 0 for none.
 * @throws OptionError for what is no integer from 0.
 * @example
 * orderOfBytes(8193); // 2
 * @see linux 6.1 include/asm-generic/getorder.h
 */
export function orderOfBytes(bytes: number): number {
  checkInteger('bytes', bytes, 0, Number.MAX_SAFE_INTEGER);
  if (bytes <= 4096) return 0;
  return bytes <= 2 ** 32
    ? 20 - Math.clz32((bytes - 1) >>> 0)
    : 52 - Math.clz32(Math.ceil(bytes / 2 ** 32) - 1);
}

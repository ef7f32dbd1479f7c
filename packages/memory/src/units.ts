import { checkInteger } from '@mm/printk';

declare const pfnBrand: unique symbol;
declare const addrBrand: unique symbol;

/** log2 of the size of a page in bytes. */
export const PAGE_SHIFT = 12;
/** The size of a page in bytes. */
export const PAGE_SIZE = 4096;
/** Words of 32 bits in a page. */
export const PAGE_WORDS = 1024;
/** Page frame numbers lie in [0, PFN_MAX): 4 TiB of address space. */
export const PFN_MAX = 2 ** 30;

/** A page frame number: physical address / 4096, an integer in [0, {@link PFN_MAX}). */
export type Pfn = number & { readonly [pfnBrand]: true };

/** A physical address in bytes: an integer in [0, 2^42), exact as a plain number. */
export type PhysAddr = number & { readonly [addrBrand]: true };

/** A run of page frames, half open: `startPfn` is in it, `endPfn` is not. */
export interface PfnRange {
  readonly startPfn: number;
  readonly endPfn: number;
}

/**
 * The address of the first byte of a page frame.
 *
 * @param pfn an integer in [0, {@link PFN_MAX}]; the end of memory has an address too.
 * @throws OptionError for what is no page frame number.
 * @example
 * pfnToAddr(256 as Pfn); // 0x100000
 */
export const pfnToAddr = (pfn: number): PhysAddr =>
  (checkInteger('pfn', pfn, 0, PFN_MAX) * PAGE_SIZE) as PhysAddr;

/**
 * The page frame that holds the byte at `addr`.
 *
 * @param addr an integer in [0, 2^42).
 * @throws OptionError for what is no address.
 * @example
 * addrToPfn(0x100fff); // 256
 */
export const addrToPfn = (addr: number): Pfn =>
  Math.floor(checkInteger('addr', addr, 0, PFN_MAX * PAGE_SIZE - 1) / PAGE_SIZE) as Pfn;

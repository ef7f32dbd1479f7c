import { checkInteger, checkText } from '@mm/printk';

/** What the sizes and places of objects depend on beside the cache. Bytes. */
export interface SlabArch {
  /** Bytes of a pointer: 4 or 8. */
  readonly pointerBytes: 4 | 8;
  /** Bytes of a cache line, to which SLAB_HWCACHE_ALIGN aligns. */
  readonly cacheLineBytes: number;
  /** Alignment that every object has. */
  readonly slabMinAlign: number;
  /** Alignment of kmalloc, and its smallest class when above 8. */
  readonly kmallocMinAlign: number;
  /** Whether a double-word compare-exchange is there, so that SLUB needs no lock in its slow paths. */
  readonly cmpxchgDouble: boolean;
  /** Of the x86 family, whose kernels name a tool that tests memory. */
  readonly isX86: boolean;
  /** Added to a physical address to give the virtual one that memory holds. */
  readonly pageOffset: bigint;
}

/** x86_64, the architecture of the recordings. */
export const SLAB_ARCH_X86_64: SlabArch = {
  pointerBytes: 8,
  cacheLineBytes: 64,
  slabMinAlign: 8,
  kmallocMinAlign: 8,
  cmpxchgDouble: true,
  isX86: true,
  pageOffset: 0xffff888000000000n,
};

const ARM64: SlabArch = {
  pointerBytes: 8,
  cacheLineBytes: 64,
  slabMinAlign: 8,
  kmallocMinAlign: 128,
  cmpxchgDouble: true,
  isX86: false,
  pageOffset: 0xffff000000000000n,
};

const ARM: SlabArch = {
  pointerBytes: 4,
  cacheLineBytes: 64,
  slabMinAlign: 8,
  kmallocMinAlign: 64,
  cmpxchgDouble: false,
  isX86: false,
  pageOffset: 0xc0000000n,
};

const I386: SlabArch = {
  pointerBytes: 4,
  cacheLineBytes: 64,
  slabMinAlign: 4,
  kmallocMinAlign: 4,
  cmpxchgDouble: false,
  isX86: true,
  pageOffset: 0xc0000000n,
};

const ARCHES: Readonly<Record<string, SlabArch>> = {
  x86_64: SLAB_ARCH_X86_64,
  arm64: ARM64,
  'arm64-2018': ARM64,
  arm: ARM,
  'arm-lpae': ARM,
  i386: I386,
  'i386-pae': I386,
};

/** 32-bit ARM kernels map the start of RAM, rounded down to 2 MiB, at PAGE_OFFSET. */
const ARM_MAPPING_ALIGN = 2 ** 21;

/**
 * The architecture of a machine preset; x86_64 for a name that is not known.
 *
 * @param ramStart physical address of the first byte of RAM, which 32-bit ARM maps at PAGE_OFFSET.
 * @throws OptionError for a name that is no text, and what is no address.
 * @example
 * slabArchOf('arm').pointerBytes; // 4
 * slabArchOf('arm', 0x40000000).pageOffset; // 0x80000000n
 */
export function slabArchOf(preset: string, ramStart = 0): SlabArch {
  checkInteger('ramStart', ramStart, 0, Number.MAX_SAFE_INTEGER);
  const arch = ARCHES[checkText('preset', preset)] ?? SLAB_ARCH_X86_64;
  if (arch !== ARM) return arch;
  return { ...ARM, pageOffset: ARM.pageOffset - BigInt(ramStart - (ramStart % ARM_MAPPING_ALIGN)) };
}

/**
 * GFP flag bits and their usual combinations, with the values of Linux 6.1.
 *
 * | bits  | meaning                                                        |
 * | ----- | -------------------------------------------------------------- |
 * | 0–3   | zone modifiers: DMA, HIGHMEM, DMA32, MOVABLE                    |
 * | 4–5   | RECLAIMABLE (mobility), HIGH (may use reserves)                 |
 * | 6–7   | IO, FS: what reclaim may do                                     |
 * | 8–11  | ZERO, ATOMIC, DIRECT_RECLAIM, KSWAPD_RECLAIM                    |
 * | 12–19 | WRITE, NOWARN, RETRY_MAYFAIL, NOFAIL, NORETRY, MEMALLOC, COMP, NOMEMALLOC |
 * | 20–23 | HARDWALL, THISNODE, ACCOUNT, ZEROTAGS                           |
 *
 * @see linux 6.1 include/linux/gfp_types.h
 */
export const __GFP_DMA = 0x1;
/** May come from ZONE_HIGHMEM. */
export const __GFP_HIGHMEM = 0x2;
/** Must come from ZONE_DMA32 or below. */
export const __GFP_DMA32 = 0x4;
/** The page can be moved; with HIGHMEM it may come from ZONE_MOVABLE. */
export const __GFP_MOVABLE = 0x8;
/** The page can be reclaimed: slab caches that shrink. */
export const __GFP_RECLAIMABLE = 0x10;
/** High priority: a part of the reserve may be used. */
export const __GFP_HIGH = 0x20;
/** Physical IO may be started. */
export const __GFP_IO = 0x40;
/** File systems may be called. */
export const __GFP_FS = 0x80;
/** The memory is zeroed. */
export const __GFP_ZERO = 0x100;
/** The caller cannot sleep or reclaim, and is important. */
export const __GFP_ATOMIC = 0x200;
/** The caller may reclaim by itself. */
export const __GFP_DIRECT_RECLAIM = 0x400;
/** kswapd is woken when memory is low. */
export const __GFP_KSWAPD_RECLAIM = 0x800;
/** Both ways of reclaim. */
export const __GFP_RECLAIM = 0xc00;
/** The page will be dirtied soon. */
export const __GFP_WRITE = 0x1000;
/** No failure report in the log. */
export const __GFP_NOWARN = 0x2000;
/** Retried while reclaim makes progress. */
export const __GFP_RETRY_MAYFAIL = 0x4000;
/** Retried for ever. */
export const __GFP_NOFAIL = 0x8000;
/** Given up early. */
export const __GFP_NORETRY = 0x10000;
/** All reserves may be used. */
export const __GFP_MEMALLOC = 0x20000;
/** A compound page: head and tails. */
export const __GFP_COMP = 0x40000;
/** No reserves, whatever else is said. */
export const __GFP_NOMEMALLOC = 0x80000;
/** Only nodes of the caller's cpuset. */
export const __GFP_HARDWALL = 0x100000;
/** Only the node asked for. */
export const __GFP_THISNODE = 0x200000;
/** Charged to the memory cgroup. */
export const __GFP_ACCOUNT = 0x400000;
/** Memory tags are zeroed with the memory. */
export const __GFP_ZEROTAGS = 0x800000;

/** Every bit that can be set: 27 bits. */
export const __GFP_BITS_MASK = 0x7ffffff;
/** The zone modifiers. */
export const GFP_ZONEMASK = 0xf;
/** The bits that say how hard to try. @see linux 6.1 mm/internal.h */
export const GFP_RECLAIM_MASK = 0xbeee0;
/** The bits that say where it may come from. */
export const GFP_CONSTRAINT_MASK = 0x300000;
/** The two bits of the mobility type. */
export const GFP_MOVABLE_MASK = 0x18;

/** Cannot sleep, important. */
export const GFP_ATOMIC = 0xa20;
/** The usual kernel allocation. */
export const GFP_KERNEL = 0xcc0;
/** GFP_KERNEL, charged to the memory cgroup. */
export const GFP_KERNEL_ACCOUNT = 0x400cc0;
/** Cannot sleep. */
export const GFP_NOWAIT = 0x800;
/** Reclaim without IO. */
export const GFP_NOIO = 0xc00;
/** Reclaim without file systems. */
export const GFP_NOFS = 0xc40;
/** For user space, addressed by the kernel. */
export const GFP_USER = 0x100cc0;
/** From ZONE_DMA. */
export const GFP_DMA = 0x1;
/** From ZONE_DMA32. */
export const GFP_DMA32 = 0x4;
/** For user space, high memory too. */
export const GFP_HIGHUSER = 0x100cc2;
/** For user space, movable. */
export const GFP_HIGHUSER_MOVABLE = 0x100cca;
/** Huge pages without reclaim. */
export const GFP_TRANSHUGE_LIGHT = 0x1c20ca;
/** Huge pages. */
export const GFP_TRANSHUGE = 0x1c24ca;
/** What may be asked for before interrupts are on. */
export const GFP_BOOT_MASK = 0x7fff33f;
/** Without hardware memory tags this is no bit. */
export const __GFP_SKIP_ZERO = 0;
/** Without hardware memory tags this is no bit. */
export const __GFP_SKIP_KASAN_UNPOISON = 0;
/** Without hardware memory tags this is no bit. */
export const __GFP_SKIP_KASAN_POISON = 0;
/** Without lock dependency checks this is no bit. */
export const __GFP_NOLOCKDEP = 0;

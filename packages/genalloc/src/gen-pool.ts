import { KernelBug, OptionError, checkFunction, checkInstance } from '@mm/printk';

import { type GenPoolAlgorithm, type PoolAddress, firstFit } from './algorithms.js';
import {
  BITMAP_BITS_MAX,
  type BitmapWords,
  clearBits,
  countBits,
  createBitmap,
  findNextBit,
  setBits,
} from './bitmap.js';

const ADDRESS_SPACE = 2n ** 64n;

/** One range of memory that a pool hands out from. All addresses are in bytes. */
export interface GenPoolChunk {
  readonly startAddress: PoolAddress;
  /** The last address of the chunk, not one behind it. */
  readonly endAddress: PoolAddress;
  readonly phys: PoolAddress;
  readonly sizeBytes: number;
  /** Bytes not handed out, the odd bytes behind the last whole granule included. */
  readonly availBytes: number;
  readonly owner: unknown;
}

interface Chunk {
  /** NaN when the chunk reaches beyond 2^53 - 1; then only the wide fields count. */
  start: number;
  end: number;
  phys: number;
  wideStart: bigint;
  wideEnd: bigint;
  widePhys: bigint;
  size: number;
  avail: number;
  bits: number;
  words: BitmapWords;
  owner: unknown;
}

function holdsAddress(chunk: Chunk, address: PoolAddress): boolean {
  // Chunks that numbers cannot describe have NaN bounds.
  if (typeof address === 'number' && chunk.start === chunk.start)
    return address >= chunk.start && address <= chunk.end;
  const wide = BigInt(address);
  return wide >= chunk.wideStart && wide <= chunk.wideEnd;
}

/** Whether the last of the bytes is not behind the chunk; without bytes at address 0 it is the largest address there is. */
function endsWithin(chunk: Chunk, address: PoolAddress, sizeBytes: number): boolean {
  if (typeof address === 'number' && chunk.start === chunk.start && address + sizeBytes > 0)
    return address + sizeBytes - 1 <= chunk.end;
  return BigInt.asUintN(64, BigInt(address) + BigInt(sizeBytes) - 1n) <= chunk.wideEnd;
}

/** A number where it is exact, a bigint where not. */
function narrow(address: bigint): PoolAddress {
  return address <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(address) : address;
}

function checkSize(field: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new OptionError(field, `an integer in ${least}..2^53 - 1`, value);
  }
}

function checkAddress(field: string, value: PoolAddress): void {
  const fits =
    typeof value === 'bigint'
      ? value >= 0n && value < ADDRESS_SPACE
      : Number.isSafeInteger(value) && value >= 0;
  if (!fits)
    throw new OptionError(field, 'an integer in 0..2^53 - 1 or a bigint in 0n..2n ** 64n - 1n', value);
}

/**
 * A pool of memory handed out in granules, with a bitmap per chunk.
 *
 * For each chunk: avail = size − granule × (bits set).
 *
 * @example
 * const pool = new GenPool(10); // granules of 1 KiB
 * pool.addVirt(0x10000000, 0x40000000, 4096);
 * const address = pool.alloc(1024); // 0x10000000
 * pool.free(0x10000000, 1024);
 * @see linux 6.1 lib/genalloc.c
 */
export class GenPool {
  /** log2 of the granule in bytes. */
  readonly minAllocOrder: number;
  readonly #granule: number;
  /** Newest first, the order in which they are tried. */
  #chunks: Chunk[] = [];
  #algorithm: GenPoolAlgorithm = firstFit;

  /**
   * An empty pool. `minAllocOrder` in 0..30.
   * @see linux 6.1 lib/genalloc.c gen_pool_create
   */
  constructor(minAllocOrder: number) {
    if (!Number.isInteger(minAllocOrder) || minAllocOrder < 0 || minAllocOrder > 30) {
      throw new OptionError('minAllocOrder', 'an integer in 0..30', minAllocOrder);
    }
    this.minAllocOrder = minAllocOrder;
    this.#granule = 2 ** minAllocOrder;
  }

  /**
   * Adds a chunk of `sizeBytes` at virtual address `virt` and physical address `phys`. Returns 0.
   * `owner` is what {@link GenPool.allocOwner} reports for memory of this chunk. The newest chunk is
   * tried first.
   *
   * @example
   * pool.addVirt(0xffff_8880_4000_0000n, 0x40000000, 4 << 20); // addresses up to 64 bits
   * @throws OptionError for a chunk of more than 2^30 granules.
   * @see linux 6.1 lib/genalloc.c gen_pool_add_owner
   */
  addVirt(virt: PoolAddress, phys: PoolAddress, sizeBytes: number, owner: unknown = null): number {
    checkAddress('virt', virt);
    checkAddress('phys', phys);
    checkSize('sizeBytes', sizeBytes, 0);
    const bits = Math.floor(sizeBytes / this.#granule);
    if (bits > BITMAP_BITS_MAX) {
      throw new OptionError('sizeBytes', `at most 2^30 granules of ${this.#granule}`, sizeBytes);
    }
    const wideStart = BigInt(virt);
    const wideEnd = BigInt.asUintN(64, wideStart + BigInt(sizeBytes) - 1n);
    const widePhys = BigInt(phys);
    // A chunk without bytes at address 0 ends at the last address there is: it seems to hold them all.
    const exact =
      wideEnd <= BigInt(Number.MAX_SAFE_INTEGER) &&
      wideStart + BigInt(sizeBytes) <= BigInt(Number.MAX_SAFE_INTEGER) &&
      widePhys + BigInt(sizeBytes) <= BigInt(Number.MAX_SAFE_INTEGER);
    const start = exact ? Number(wideStart) : Number.NaN;
    const chunk: Chunk = {
      start,
      end: start + sizeBytes - 1,
      phys: exact ? Number(widePhys) : Number.NaN,
      wideStart,
      wideEnd,
      widePhys,
      size: sizeBytes,
      avail: sizeBytes,
      bits,
      words: createBitmap(bits),
      owner,
    };
    // A new list: whoever walks the old one, and adds while it does, does not meet the new chunk.
    this.#chunks = [chunk, ...this.#chunks];
    return 0;
  }

  /** Adds a chunk whose physical address is not known: `-1` as in the kernel. @see linux 6.1 include/linux/genalloc.h gen_pool_add */
  add(virt: PoolAddress, sizeBytes: number, owner: unknown = null): number {
    return this.addVirt(virt, ADDRESS_SPACE - 1n, sizeBytes, owner);
  }

  /**
   * Chooses where later requests are placed; `null` means {@link firstFit}.
   * @see linux 6.1 lib/genalloc.c gen_pool_set_algo
   */
  setAlgorithm(algorithm: GenPoolAlgorithm | null): void {
    this.#algorithm = algorithm === null ? firstFit : checkFunction('algorithm', algorithm);
  }

  /**
   * Takes `sizeBytes`, rounded up to granules, or returns `null` when no chunk has the place. 0 bytes
   * are never there. `algorithm` overrides the pool's for this call.
   *
   * @example
   * pool.alloc(1024);
   * pool.alloc(1024, firstFitAlign(4096));
   * @see linux 6.1 lib/genalloc.c gen_pool_alloc_algo_owner
   */
  alloc(sizeBytes: number, algorithm: GenPoolAlgorithm = this.#algorithm): PoolAddress | null {
    const chunk = this.#take(sizeBytes, algorithm);
    if (chunk === null) return null;
    const offset = this.#takenBit * this.#granule;
    if (chunk.start === chunk.start) return chunk.start + offset;
    return narrow(BigInt.asUintN(64, chunk.wideStart + BigInt(offset)));
  }

  /** As {@link GenPool.alloc}, with the owner of the chunk. @see linux 6.1 include/linux/genalloc.h gen_pool_alloc_owner */
  allocOwner(
    sizeBytes: number,
    algorithm: GenPoolAlgorithm = this.#algorithm,
  ): { address: PoolAddress; owner: unknown } | null {
    const address = this.alloc(sizeBytes, algorithm);
    return address === null ? null : { address, owner: this.#takenOwner };
  }

  /**
   * As {@link GenPool.alloc}, with the physical address beside the virtual one.
   * @see linux 6.1 lib/genalloc.c gen_pool_dma_alloc_algo
   */
  dmaAlloc(
    sizeBytes: number,
    algorithm: GenPoolAlgorithm = this.#algorithm,
  ): { address: PoolAddress; dma: PoolAddress } | null {
    const address = this.alloc(sizeBytes, algorithm);
    return address === null ? null : { address, dma: this.virtToPhys(address)! };
  }

  #takenBit = 0;
  #takenOwner: unknown = null;

  #take(sizeBytes: number, algorithm: GenPoolAlgorithm): Chunk | null {
    checkSize('sizeBytes', sizeBytes, 0);
    checkFunction('algorithm', algorithm);
    if (sizeBytes === 0) return null;
    const granule = this.#granule;
    const nr = Math.floor((sizeBytes + granule - 1) / granule);
    for (const chunk of this.#chunks) {
      if (sizeBytes > chunk.avail) continue;
      const bit = this.#choose(chunk, nr, algorithm);
      if (!(bit < chunk.bits)) continue;
      setBits(chunk.words, bit, nr);
      chunk.avail -= nr * granule;
      this.#takenBit = bit;
      this.#takenOwner = chunk.owner;
      return chunk;
    }
    return null;
  }

  /** Where in a chunk; an algorithm that chose what is in use is asked again, from there on. */
  #choose(chunk: Chunk, nr: number, algorithm: GenPoolAlgorithm): number {
    const address = chunk.start === chunk.start ? chunk.start : chunk.wideStart;
    let asked = -1;
    for (;;) {
      const bit = algorithm(chunk.words, chunk.bits, Math.max(asked, 0), nr, this.minAllocOrder, address);
      if (!(bit < chunk.bits)) return bit;
      if (bit + nr > chunk.bits)
        throw new KernelBug('a genpool algorithm chose memory behind the chunk', { bit, nr });
      if (countBits(chunk.words, bit, nr) === 0) return bit;
      if (bit === asked)
        throw new KernelBug('soft lockup: a genpool algorithm insists on memory in use', { bit, nr });
      asked = bit;
    }
  }

  /**
   * Gives memory back. `sizeBytes` as it was asked for.
   *
   * @example
   * pool.free(address, 1024);
   * @throws KernelBug for memory that the pool does not hold, that crosses the end of its chunk or
   * that is free already (the words of the bitmap before that place are cleared, as in the kernel).
   * @see linux 6.1 lib/genalloc.c gen_pool_free_owner
   */
  free(address: PoolAddress, sizeBytes: number): void {
    this.freeOwner(address, sizeBytes);
  }

  /** As {@link GenPool.free}, returning the owner of the chunk. */
  freeOwner(address: PoolAddress, sizeBytes: number): unknown {
    checkAddress('address', address);
    checkSize('sizeBytes', sizeBytes, 0);
    const chunk = this.#chunkOf(address);
    const facts = { address: `0x${address.toString(16)}`, size: sizeBytes };
    if (chunk === null) throw new KernelBug('genpool: free of memory that no chunk holds', facts);
    const offset =
      typeof address === 'number' && chunk.start === chunk.start
        ? address - chunk.start
        : Number(BigInt(address) - chunk.wideStart);
    if (!endsWithin(chunk, address, sizeBytes))
      throw new KernelBug('genpool: free beyond the end of a chunk', facts);
    const nr = Math.floor((sizeBytes + this.#granule - 1) / this.#granule);
    const bit = Math.floor(offset / this.#granule);
    if (clearBits(chunk.words, bit, nr) !== 0) {
      throw new KernelBug('genpool: free of memory that is not in use', facts);
    }
    chunk.avail += nr * this.#granule;
    return chunk.owner;
  }

  #chunkOf(address: PoolAddress): Chunk | null {
    for (const chunk of this.#chunks) if (holdsAddress(chunk, address)) return chunk;
    return null;
  }

  /**
   * Whether one chunk holds all of `sizeBytes` at `address`, handed out or not. Chunks may overlap.
   * @see linux 6.1 lib/genalloc.c gen_pool_has_addr
   */
  hasAddr(address: PoolAddress, sizeBytes: number): boolean {
    checkAddress('address', address);
    checkSize('sizeBytes', sizeBytes, 0);
    return this.#chunks.some(
      (chunk) => holdsAddress(chunk, address) && endsWithin(chunk, address, sizeBytes),
    );
  }

  /** The physical address of a virtual one, or `null` (the kernel says -1) when no chunk holds it. @see linux 6.1 lib/genalloc.c gen_pool_virt_to_phys */
  virtToPhys(address: PoolAddress): PoolAddress | null {
    checkAddress('address', address);
    const chunk = this.#chunkOf(address);
    if (chunk === null) return null;
    if (typeof address === 'number' && chunk.start === chunk.start)
      return chunk.phys + (address - chunk.start);
    return narrow(BigInt.asUintN(64, chunk.widePhys + (BigInt(address) - chunk.wideStart)));
  }

  /** Free bytes over all chunks. @see linux 6.1 lib/genalloc.c gen_pool_avail */
  avail(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.avail, 0);
  }

  /** Bytes over all chunks. @see linux 6.1 lib/genalloc.c gen_pool_size */
  size(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.size, 0);
  }

  /** Calls `visit` for each chunk, newest first. @see linux 6.1 lib/genalloc.c gen_pool_for_each_chunk */
  forEachChunk(visit: (chunk: GenPoolChunk) => void): void {
    checkFunction('visit', visit);
    for (const chunk of this.#chunks) {
      visit({
        startAddress: narrow(chunk.wideStart),
        endAddress: narrow(chunk.wideEnd),
        phys: narrow(chunk.widePhys),
        sizeBytes: chunk.size,
        availBytes: chunk.avail,
        owner: chunk.owner,
      });
    }
  }

  /**
   * Ends the pool: it has no chunks afterwards.
   * @throws KernelBug when memory of a chunk is still in use: that chunk and newer ones have left the pool by then.
   * @see linux 6.1 lib/genalloc.c gen_pool_destroy
   */
  destroy(): void {
    for (const chunk of this.#chunks) {
      this.#chunks = this.#chunks.slice(1);
      const bit = findNextBit(chunk.words, chunk.bits, 0);
      if (bit >= chunk.bits) continue;
      throw new KernelBug('genpool: destroyed with memory in use', {
        chunk: `0x${chunk.wideStart.toString(16)}`,
        offset: bit * this.#granule,
      });
    }
  }

  /** Violations of the pool's equation, one string each; empty when it holds. */
  checkInvariants(): string[] {
    return this.#chunks.flatMap((chunk) => {
      const used = countBits(chunk.words, 0, chunk.bits) * this.#granule;
      if (chunk.avail === chunk.size - used) return [];
      const at = chunk.wideStart.toString(16);
      return [`chunk 0x${at}: avail ${chunk.avail}, but size ${chunk.size} less ${used} in use`];
    });
  }
}

/**
 * Violations of the equation of `pool`, one string each; empty when it holds.
 * @throws OptionError for what is no GenPool.
 * @example
 * checkGenPoolInvariants(pool); // throws where sizes and bitmaps disagree
 */
export function checkGenPoolInvariants(pool: GenPool): string[] {
  return checkInstance('pool', pool, GenPool).checkInvariants();
}

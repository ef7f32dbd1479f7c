import { OptionError } from '@mm/printk';

import { HoleError, MemoryMap } from './memory-map.js';
import { CHUNK_PAGES, CHUNK_WORDS, type MemoryImage, checkImage } from './memory-image.js';
import { PAGE_WORDS, type PfnRange } from './units.js';

const CHUNK_SHIFT = 4;
const CHUNK_MASK = CHUNK_PAGES - 1;
/** The chunk of every memory that stands for those not made. */
const NO_CHUNK = new Int32Array(CHUNK_WORDS);
/** Entries of the largest directory that is shared: that of 64 GiB. */
const SHARED_MAX = 2 ** 20;

let zeroes = new Int32Array(0);

/** A directory without chunks, one array of zeroes for all memories that nobody has written to; never written. */
function emptyDirectory(length: number): Int32Array {
  if (length > SHARED_MAX) return new Int32Array(length);
  if (zeroes.length < length) zeroes = new Int32Array(length);
  return zeroes.subarray(0, length);
}

/**
 * The bytes of a machine, little-endian, zero until written, made a chunk of 64 KiB at a time.
 *
 *   bytes held = 64 KiB × chunks made;  a chunk not made reads as zero
 *
 * Access by address is checked: a hole in the memory map is a {@link HoleError} with the address, a
 * misaligned address an OptionError. Hot code goes by page frame, unchecked: {@link wordsOf} and
 * {@link wordIndexOf} give the array and the index of the first word of a page.
 * @example
 * machine.memory.write32(0x40000000, 0xdeadbeef);
 * machine.memory.read8(0x40000000); // 0xef
 */
export class PhysicalMemory {
  readonly map: MemoryMap;
  /** Chunk number (pfn / 16) → index in {@link chunks}; 0 where none has been made. To read only; replaced with the first chunk. */
  directory: Int32Array;
  /** The chunks made. Number 0 is all zero, stands for every chunk not made, and is never written. */
  chunks: Int32Array[] = [NO_CHUNK];
  /** The directory once a chunk has been made: 4 bytes for 64 KiB, 4 MiB of untouched (so unmapped) zeroes for 64 GiB. */
  #ownDirectory: Int32Array | undefined;
  /** Chunks that a restore has taken out, not zeroed. Zeroing one takes a sixth of the time of making one. */
  readonly #spare: Int32Array[] = [];

  /** @throws OptionError for a malformed memory map. */
  constructor(ranges: readonly PfnRange[]) {
    this.map = new MemoryMap(ranges);
    this.directory = emptyDirectory((this.map.endPfn >> CHUNK_SHIFT) + 1);
  }

  /** Bytes of the chunks that have been made. */
  get bytesHeld(): number {
    return (this.chunks.length - 1) * CHUNK_WORDS * 4;
  }

  /**
   * The words that hold page `pfn`, to read and write: word w of the page is at
   * `wordIndexOf(pfn) + w`. Makes the chunk. Not checked: `pfn` must be memory. The array stays
   * valid until the next {@link restore}.
   *
   * @example
   * const words = memory.wordsOf(pfn);
   * words[memory.wordIndexOf(pfn) + 3] = 0x12345678; // bytes 12..15 of the page
   */
  wordsOf(pfn: number): Int32Array {
    const index = this.directory[pfn >> CHUNK_SHIFT]!;
    return index !== 0 ? this.chunks[index]! : this.#make(pfn >> CHUNK_SHIFT);
  }

  /** As {@link wordsOf}, to read only: where nothing was written it is a shared array of zeroes. */
  peekWordsOf(pfn: number): Int32Array {
    return this.chunks[this.directory[pfn >> CHUNK_SHIFT]!]!;
  }

  /** The index of the first word of page `pfn` in its {@link wordsOf}. */
  wordIndexOf(pfn: number): number {
    return (pfn & CHUNK_MASK) << 10;
  }

  #make(chunk: number): Int32Array {
    if (this.chunks.length === 1) this.#leaveEmptyDirectory();
    const words = this.#spare.pop()?.fill(0) ?? new Int32Array(CHUNK_WORDS);
    this.directory[chunk] = this.chunks.length;
    this.chunks.push(words);
    return words;
  }

  /** Makes way for the first chunk. Many machines of a model checker are never written to. */
  #leaveEmptyDirectory(): void {
    const used = this.#ownDirectory?.fill(0);
    this.#ownDirectory = used ?? new Int32Array(this.directory.length);
    this.directory = this.#ownDirectory;
  }

  /**
   * The byte at `addr`, 0..255.
   * @throws HoleError where there is no memory.
   */
  read8(addr: number): number {
    return (this.#wordAt(addr, 1) >>> ((addr & 3) << 3)) & 0xff;
  }

  /** The 16 bits at `addr`, 0..65535. @throws HoleError; OptionError when `addr` is odd. */
  read16(addr: number): number {
    return (this.#wordAt(addr, 2) >>> ((addr & 2) << 3)) & 0xffff;
  }

  /** The 32 bits at `addr`, unsigned. @throws HoleError; OptionError when not a multiple of 4. */
  read32(addr: number): number {
    return this.#wordAt(addr, 4) >>> 0;
  }

  /** The 64 bits at `addr`, unsigned. @throws HoleError; OptionError when not a multiple of 8. */
  read64(addr: number): bigint {
    const low = this.#wordAt(addr, 8) >>> 0;
    const high = this.#wordAt(addr + 4, 4) >>> 0;
    return (BigInt(high) << 32n) | BigInt(low);
  }

  /** Writes the low 8 bits of `value`. @throws HoleError where there is no memory. */
  write8(addr: number, value: number): void {
    this.#merge(addr, 1, 0xff, value);
  }

  /** Writes the low 16 bits of `value`. @throws HoleError; OptionError when `addr` is odd. */
  write16(addr: number, value: number): void {
    this.#merge(addr, 2, 0xffff, value);
  }

  /** Writes the low 32 bits of `value`. @throws HoleError; OptionError when not a multiple of 4. */
  write32(addr: number, value: number): void {
    this.#check(addr, 4);
    checkValue(value);
    const pfn = Math.floor(addr / 4096);
    this.wordsOf(pfn)[this.wordIndexOf(pfn) + ((addr & 4095) >> 2)] = value;
  }

  /** Writes the low 64 bits of `value`. @throws HoleError; OptionError when not a multiple of 8. */
  write64(addr: number, value: bigint): void {
    this.#check(addr, 8);
    if (typeof value !== 'bigint') throw new OptionError('value', 'a bigint', value);
    this.write32(addr, Number(BigInt.asUintN(32, value)));
    this.write32(addr + 4, Number(BigInt.asUintN(32, value >> 32n)));
  }

  /**
   * Zeroes `count` whole pages from `pfn`; chunks not made stay so.
   * @throws OptionError for what is no page or count; HoleError naming the first address without memory.
   */
  zeroPages(pfn: number, count: number): void {
    this.map.checkPages(pfn, count);
    for (let at = pfn, end = pfn + count; at < end;) {
      const stop = Math.min(end, (at | CHUNK_MASK) + 1);
      const index = this.directory[at >> CHUNK_SHIFT]!;
      if (index !== 0) {
        const first = this.wordIndexOf(at);
        this.chunks[index]!.fill(0, first, first + (stop - at) * PAGE_WORDS);
      }
      at = stop;
    }
  }

  /** A copy of all bytes, to {@link restore} later. Costs what has been touched. */
  snapshot(): MemoryImage {
    return { directory: this.directory.slice(), chunks: this.chunks.map((words) => words.slice()) };
  }

  /**
   * Brings back the bytes of a {@link snapshot} of this memory. Arrays got from {@link wordsOf}
   * before are stale.
   * @throws OptionError for what is no image, or one of a memory of another size; nothing has changed then.
   */
  restore(image: MemoryImage): void {
    checkImage('image', image);
    if (image.directory.length !== this.directory.length)
      throw new OptionError('image', 'a snapshot of a memory of the same size', image);
    // Arrays there are, are written over: a model checker resets thousands of times a second.
    const { chunks } = this;
    while (chunks.length > image.chunks.length) this.#spare.push(chunks.pop()!);
    for (let i = 1; i < image.chunks.length; i++)
      if (i < chunks.length) chunks[i]!.set(image.chunks[i]!);
      else chunks.push(this.#restored(image.chunks[i]!));
    if (chunks.length === 1) this.directory = emptyDirectory(this.directory.length);
    else {
      this.#leaveEmptyDirectory();
      this.directory.set(image.directory);
    }
  }

  #restored(words: Int32Array): Int32Array {
    const spare = this.#spare.pop();
    spare?.set(words);
    return spare ?? words.slice();
  }

  #check(addr: number, size: number): void {
    if (!Number.isSafeInteger(addr) || addr < 0)
      throw new OptionError('addr', 'a physical address (an integer from 0)', addr);
    if (addr % size !== 0)
      throw new OptionError('addr', `a multiple of ${size} for an access of ${size * 8} bits`, hex(addr));
    if (!this.map.has(Math.floor(addr / 4096))) throw new HoleError(addr);
  }

  #wordAt(addr: number, size: number): number {
    this.#check(addr, size);
    const pfn = Math.floor(addr / 4096);
    return this.peekWordsOf(pfn)[this.wordIndexOf(pfn) + ((addr & 4095) >> 2)]!;
  }

  #merge(addr: number, size: number, mask: number, value: number): void {
    this.#check(addr, size);
    checkValue(value);
    const pfn = Math.floor(addr / 4096);
    const words = this.wordsOf(pfn);
    const at = this.wordIndexOf(pfn) + ((addr & 4095) >> 2);
    const shift = (addr & 3) << 3;
    words[at] = (words[at]! & ~(mask << shift)) | ((value & mask) << shift);
  }
}

function checkValue(value: number): void {
  if (!Number.isSafeInteger(value)) throw new OptionError('value', 'an integer', value);
}

const hex = (n: number): string => `0x${n.toString(16)}`;

import { OptionError, checkInteger, checkObject } from '@mm/printk';

import { MemoryMap } from './memory-map.js';
import type { PfnRange } from './units.js';

/** Frames of a section, the unit in which metadata is made. The largest block is one section. */
export const SECTION_FRAMES = 1024;
const SECTION_SHIFT = 10;
const SECTION_MASK = SECTION_FRAMES - 1;
/** Section 0, the heads of a few CPUs' lists, and the first two sections touched: machines are made by the thousand. */
const FIRST_SLOTS = 4 * SECTION_FRAMES;
const MOST_GROWN = 8 * SECTION_FRAMES;
/** The heads of the lists of 256 CPUs and 7 zones are about 33000. */
const CLAIM_MAX = 2 ** 20;
const ROOM_MAX = 2 ** 24;

/** Frame metadata: bytes for each frame of a section that has been made. 7 × 4 + 2 × 1. */
export const FRAME_BYTES = 30;

/** The metadata of all page frames at one moment. Opaque: made by `snapshot()`. */
export interface FramesImage {
  readonly directory: Int32Array;
  readonly sectionPfn: Int32Array;
  readonly words: readonly Int32Array[];
  readonly bytes: readonly Uint8Array[];
  readonly slots: number;
}

/**
 * The struct pages of a machine, as arrays indexed by slot. Sections of 1024 frames are made on
 * demand, and a frame's slot never changes afterwards:
 *
 *   slot of pfn = directory[pfn >> 10] + (pfn & 1023),   pfn of slot = sectionPfn[slot >> 10] + (slot & 1023)
 *
 * So buddies below the top order share a section: buddy slot = slot ^ (1 << order). Section 0 stands
 * for frames not made and stays zero. Slots claimed with {@link claimSlots} have no frame; lists use
 * them as heads.
 *
 * The arrays are replaced when they grow: read them from the object again after {@link slotOf} or
 * {@link claimSlots}.
 * @example
 * const slot = machine.frames.slotOf(pfn);
 * machine.frames.refcount[slot];
 */
export class PageFrames {
  readonly map: MemoryMap;
  /** pfn >> 10 → first slot of the section; 0 when not made. */
  readonly directory: Int32Array;
  /** slot >> 10 → first pfn of the section; -1 for claimed slots. */
  sectionPfn: Int32Array;
  /** PageFlag bits, of which 28..31 stay 0. */
  flags: Int32Array;
  /**
   * The same words, those of two frames as a number: no bit pattern of flags is negative or no number, so a sum of these is 0 just when
   * all of them are. Twice as fast to look at.
   */
  flagPairs: Float64Array;
  /** Reference count. */
  refcount: Int32Array;
  /** List link, by slot; of a tail page the slot of its head. */
  next: Int32Array;
  /** List link, by slot. */
  prev: Int32Array;
  /** Words of the owner; of a slab: cache, freelist, counters. */
  owner0: Int32Array;
  owner1: Int32Array;
  owner2: Int32Array;
  /** Index of the zone. */
  zone: Uint8Array;
  /** Free for the owner; of a slab: the list that it is on. */
  spare: Uint8Array;

  #slots = SECTION_FRAMES;
  readonly #spans: Array<PfnRange & { zone: number }> = [];

  /** @throws OptionError for a malformed memory map. */
  constructor(ranges: readonly PfnRange[]) {
    this.map = new MemoryMap(ranges);
    this.directory = new Int32Array((this.map.endPfn >> SECTION_SHIFT) + 1);
    const room = new Room(FIRST_SLOTS);
    this.sectionPfn = new Int32Array(FIRST_SLOTS >> SECTION_SHIFT).fill(-1);
    this.flags = room.words(0);
    this.flagPairs = room.pairs(0);
    this.refcount = room.words(1);
    this.next = room.words(2);
    this.prev = room.words(3);
    this.owner0 = room.words(4);
    this.owner1 = room.words(5);
    this.owner2 = room.words(6);
    this.zone = room.bytes(0);
    this.spare = room.bytes(1);
  }

  /** Slots in use: frames made, heads claimed, and the 1024 of section 0. */
  get slotCount(): number {
    return this.#slots;
  }

  /** Bytes of metadata of the slots in use. The arrays have room for more, which is not touched. */
  get bytesHeld(): number {
    return this.#slots * FRAME_BYTES + (this.#slots >> SECTION_SHIFT) * 4;
  }

  /** The slot of `pfn`; makes its section. Not checked: `pfn` must be below the end of the map. */
  slotOf(pfn: number): number {
    const base = this.directory[pfn >> SECTION_SHIFT]!;
    return (base !== 0 ? base : this.#makeSection(pfn >> SECTION_SHIFT)) + (pfn & SECTION_MASK);
  }

  /** As {@link slotOf}, to read only: a frame not made is a slot of section 0, all zero. */
  peekSlotOf(pfn: number): number {
    return this.directory[pfn >> SECTION_SHIFT]! + (pfn & SECTION_MASK);
  }

  /** Whether the section of `pfn` has been made. */
  isMade(pfn: number): boolean {
    return this.directory[pfn >> SECTION_SHIFT] !== 0;
  }

  /** The page frame of a slot from {@link slotOf}. */
  pfnOf(slot: number): number {
    // Literals keep it below 27 bytecodes, so that it is compiled into every caller.
    return this.sectionPfn[slot >> 10]! + (slot & 1023);
  }

  /**
   * Reserves `count` consecutive slots that belong to no frame, for list heads; returns the first.
   * @param count 1..2^20.
   * @throws OptionError when `count` is out of range.
   */
  claimSlots(count: number): number {
    checkInteger('count', count, 1, CLAIM_MAX);
    const first = this.#slots;
    this.#grow(first + Math.ceil(count / SECTION_FRAMES) * SECTION_FRAMES);
    return first;
  }

  /**
   * Makes room for `count` more frames at once, for who knows that they will be touched. Growing by a quarter at a time moves what is
   * there each time, which is 35 ms in all for 4 GiB.
   * @param count 1..2^24, frames of 64 GiB. Room is memory only where it is used.
   * @throws OptionError when `count` is out of range.
   * @example
   * frames.makeRoom(2 ** 18); // 1 GiB of pages is about to be allocated
   */
  makeRoom(count: number): void {
    checkInteger('count', count, 1, ROOM_MAX);
    const slots = this.#slots + Math.ceil(count / SECTION_FRAMES) * SECTION_FRAMES;
    if (slots > this.flags.length) this.#moveTo(slots);
  }

  /**
   * States that frames in [startPfn, endPfn) belong to `zone`. To be said before their sections are made.
   * @throws OptionError when `zone` is not in [0, 255], or the range none of page frames; it may be empty.
   */
  setZone(range: PfnRange, zone: number): void {
    if (!Number.isInteger(zone) || zone < 0 || zone > 255)
      throw new OptionError('zone', 'an integer in [0, 255]', zone);
    const { startPfn, endPfn } = checkObject('range', range, 'an object with startPfn and endPfn');
    checkInteger('range.startPfn', startPfn, 0, 2 ** 31 - 1);
    checkInteger('range.endPfn', endPfn, startPfn, 2 ** 31 - 1);
    this.#spans.push({ startPfn, endPfn, zone });
  }

  #makeSection(section: number): number {
    const base = this.#slots;
    this.#grow(base + SECTION_FRAMES);
    const first = section << SECTION_SHIFT;
    this.directory[section] = base;
    this.sectionPfn[base >> SECTION_SHIFT] = first;
    for (const span of this.#spans) {
      const start = Math.max(span.startPfn, first);
      const end = Math.min(span.endPfn, first + SECTION_FRAMES);
      if (start < end) this.zone.fill(span.zone, base + start - first, base + end - first);
    }
    return base;
  }

  #grow(slots: number): void {
    this.#slots = slots;
    let capacity = this.flags.length;
    if (slots <= capacity) return;
    // A quarter more, so that the room not used yet stays below 8 bytes for a frame.
    while (capacity < slots)
      capacity += Math.max(Math.min(capacity, MOST_GROWN), (capacity >> 12) << SECTION_SHIFT);
    this.#moveTo(capacity);
  }

  #moveTo(capacity: number): void {
    const room = new Room(capacity);
    this.flags = room.words(0, this.flags);
    this.flagPairs = room.pairs(0);
    this.refcount = room.words(1, this.refcount);
    this.next = room.words(2, this.next);
    this.prev = room.words(3, this.prev);
    this.owner0 = room.words(4, this.owner0);
    this.owner1 = room.words(5, this.owner1);
    this.owner2 = room.words(6, this.owner2);
    this.zone = room.bytes(0, this.zone);
    this.spare = room.bytes(1, this.spare);
    const sectionPfn = new Int32Array(capacity >> SECTION_SHIFT).fill(-1);
    sectionPfn.set(this.sectionPfn);
    this.sectionPfn = sectionPfn;
  }

  /** A copy of all metadata, to {@link restore} later. Costs what has been touched. */
  snapshot(): FramesImage {
    const n = this.#slots;
    return {
      directory: this.directory.slice(),
      sectionPfn: this.sectionPfn.slice(0, n >> SECTION_SHIFT),
      words: this.#words().map((a) => a.slice(0, n)),
      bytes: this.#bytes().map((a) => a.slice(0, n)),
      slots: n,
    };
  }

  /**
   * Brings back the metadata of a {@link snapshot} of these frames.
   * @throws OptionError for what is no image, or one of frames of another memory map; nothing has changed then.
   */
  restore(image: FramesImage): void {
    if (!isFramesImage(image) || image.directory.length !== this.directory.length)
      throw new OptionError('image', 'a snapshot of frames of the same memory map', image);
    const before = this.#slots;
    this.#grow(image.slots);
    this.directory.set(image.directory);
    this.sectionPfn.fill(-1).set(image.sectionPfn);
    this.#words().forEach((a, i) => {
      a.set(image.words[i]!);
      if (before > image.slots) a.fill(0, image.slots, before);
    });
    this.#bytes().forEach((a, i) => {
      a.set(image.bytes[i]!);
      if (before > image.slots) a.fill(0, image.slots, before);
    });
  }

  #words(): Int32Array[] {
    return [this.flags, this.refcount, this.next, this.prev, this.owner0, this.owner1, this.owner2];
  }

  #bytes(): Uint8Array[] {
    return [this.zone, this.spare];
  }
}

function isFramesImage(image: FramesImage): boolean {
  const { directory, sectionPfn, words, bytes, slots } = Object(image) as FramesImage;
  return (
    directory instanceof Int32Array &&
    sectionPfn instanceof Int32Array &&
    Number.isInteger(slots) &&
    slots >= SECTION_FRAMES &&
    sectionPfn.length === slots >> SECTION_SHIFT &&
    Array.isArray(words) &&
    words.length === 7 &&
    words.every((array) => array instanceof Int32Array && array.length === slots) &&
    Array.isArray(bytes) &&
    bytes.length === 2 &&
    bytes.every((array) => array instanceof Uint8Array && array.length === slots)
  );
}

/** Between the arrays, so that the words of one slot do not all fall into the same set of the cache. Bytes. */
const STAGGER = 64;

/** The arrays of so many slots, in one allocation: a third of the time that nine of them take. */
class Room {
  readonly #slots: number;
  readonly #buffer: ArrayBuffer;

  constructor(slots: number) {
    this.#slots = slots;
    this.#buffer = new ArrayBuffer(slots * FRAME_BYTES + 8 * STAGGER);
  }

  /** The array number `index` of words, beginning as `old`. */
  words(index: number, old?: Int32Array): Int32Array {
    const array = new Int32Array(this.#buffer, index * (this.#slots * 4 + STAGGER), this.#slots);
    if (old !== undefined) array.set(old);
    return array;
  }

  /** The array number `index` of words, two at a time. */
  pairs(index: number): Float64Array {
    return new Float64Array(this.#buffer, index * (this.#slots * 4 + STAGGER), this.#slots >> 1);
  }

  /** The array number `index` of bytes, beginning as `old`. */
  bytes(index: number, old?: Uint8Array): Uint8Array {
    const array = new Uint8Array(
      this.#buffer,
      7 * (this.#slots * 4 + STAGGER) + index * (this.#slots + STAGGER),
      this.#slots,
    );
    if (old !== undefined) array.set(old);
    return array;
  }
}

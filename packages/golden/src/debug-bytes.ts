import { SLAB_POISON, SLAB_RED_ZONE, SLAB_STORE_USER } from '@mm/kmem';
import { type SlubCache, trackBytes } from '@mm/slub';

import { type OwnSlab, RecordedPlaces } from './recorded-places.js';

/** A line of a dump: label, slab, first address, bytes. */
const DUMP = /^(.{8} ?)S(\d+)\+0x([0-9a-f]+): ((?:[0-9a-f]{2} ?){1,16})/u;
const POINTER_BYTES = 8;

/** The slabs that were seen, and the slab and offset of a virtual address, or null for one in none of them. */
export interface SeenSlabs {
  seen(): OwnSlab[];
  placeOf(virtual: bigint): readonly [slab: number, offset: number] | null;
}

/**
 * Which bytes of a debugged slab mean something. Without poison, what nobody has written is left from earlier use. Tracks hold
 * code addresses, process ids and times. Of pointers, where they lead must agree: see {@link RecordedPlaces}.
 */
export class DebugBytes {
  readonly #cache: SlubCache;
  /** Offsets in the slab by slab number: bytes that a step wrote. */
  readonly #written = new Set<string>();
  readonly #places = new RecordedPlaces();

  constructor(cache: SlubCache) {
    this.#cache = cache;
  }

  /** A step wrote `count` bytes. */
  wrote(slab: number, offset: number, count: number): void {
    for (let i = 0; i < count; i++) this.#written.add(`${slab}+${offset + i}`);
  }

  /** Whether the byte at an offset of a slab can be compared. */
  isKnown(slab: number, offset: number): boolean {
    const { size, firstOffset, redLeftPad, objectSize, inuse, flags } = this.#cache;
    const inObject = (((offset - firstOffset) % size) + size) % size;
    if (this.#written.has(`${slab}+${offset}`)) return true;
    if (this.#isTrack(inObject)) return false;
    if ((flags & SLAB_POISON) !== 0) return true;
    const redZone = (flags & SLAB_RED_ZONE) !== 0;
    return redZone && ((inObject >= objectSize && inObject < inuse) || inObject >= size - redLeftPad);
  }

  #isTrack(inObject: number): boolean {
    const { flags, inuse, offset, system } = this.#cache;
    const start = offset >= inuse ? inuse + POINTER_BYTES : inuse;
    return (
      (flags & SLAB_STORE_USER) !== 0 && inObject >= start && inObject < start + 2 * trackBytes(system.arch)
    );
  }

  /**
   * The recorded line with its free pointers as ours are, where they say the same: nothing for nothing, and for a place in a slab
   * the same offset from where that slab lay. Pointers are told by our line.
   */
  translatePointers(recorded: string, ours: string, slabs: SeenSlabs): string {
    const [theirs, mine] = [DUMP.exec(recorded), DUMP.exec(ours)];
    if (theirs === null || mine === null) return recorded;
    const [said, meant] = [bytesOf(theirs[4]!), bytesOf(mine[4]!)];
    const start = Number.parseInt(mine[3]!, 16);
    for (let i = 0; i + POINTER_BYTES <= meant.length; i += POINTER_BYTES) {
      if (!this.#isPointer(start + i)) continue;
      if (!this.isSamePointer(wordOf(meant, i), wordOf(said, i), slabs)) continue;
      said.splice(i, POINTER_BYTES, ...meant.slice(i, i + POINTER_BYTES));
    }
    return `${theirs[1]}S${theirs[2]}+0x${theirs[3]}: ${said.join(' ')}`;
  }

  /** Whether what stands here where a free pointer belongs may have stood there as `said`. */
  isSamePointer(meant: bigint, said: bigint, slabs: SeenSlabs): boolean {
    const place = slabs.placeOf(meant);
    if (place !== null && this.#places.agrees(place, said)) return true;
    return this.#places.mayBeSame(meant, said, slabs.seen());
  }

  #isPointer(offset: number): boolean {
    const { size, firstOffset, offset: pointer } = this.#cache;
    return (((offset - firstOffset - pointer) % size) + size) % size === 0;
  }

  /** A line of a dump with the bytes that mean nothing as `..`; other lines as they are. */
  maskLine(line: string): string {
    const found = DUMP.exec(line);
    if (found === null) return line;
    const [, label, slab, start] = found;
    const bytes = bytesOf(found[4]!);
    const known = bytes.map((byte, i) =>
      this.isKnown(Number(slab), Number.parseInt(start!, 16) + i) ? byte : '..',
    );
    return `${label}S${slab}+0x${start}: ${known.join(' ')}`;
  }

  /** The bytes of an image, from offset `start` of a slab. */
  maskHex(hex: string, slab: number, start: number): string {
    return hex.replaceAll(/../gu, (byte, at: number) =>
      /[0-9a-f]{2}/u.test(byte) && !this.isKnown(slab, start + at / 2) ? '..' : byte,
    );
  }
}

const bytesOf = (text: string): string[] => text.trim().split(/\s+/u).slice(0, 16);

/** The little-endian word at `at`. */
const wordOf = (bytes: readonly string[], at: number): bigint =>
  BigInt(
    `0x${bytes
      .slice(at, at + POINTER_BYTES)
      .toReversed()
      .join('')}`,
  );

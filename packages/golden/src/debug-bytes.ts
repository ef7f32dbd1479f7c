import { SLAB_POISON, SLAB_RED_ZONE } from '@mm/kmem';
import type { SlubCache } from '@mm/slub';

/** A line of a dump: label, slab, first address, bytes. */
const DUMP = /^(.{8} ?)S(\d+)\+0x([0-9a-f]+): ((?:[0-9a-f]{2} ?){1,16})/u;
const POINTER_BYTES = 8;
const PAGE_SIZE = 4096n;

/** A virtual address as a slab's number and an offset, or null for one in no slab that was seen. */
type PlaceOf = (virtual: bigint) => readonly [slab: number, offset: number] | null;

/**
 * Which bytes of a debugged slab mean something. Without poison, what nobody has written is left from earlier use. Where a slab
 * lay in the recorded boot is not known, but that it lay in one place: all pointers into it must agree.
 */
export class DebugBytes {
  readonly #cache: SlubCache;
  /** Offsets in the slab by slab number: bytes that a step wrote. */
  readonly #written = new Set<string>();
  /** Where slabs lay on the recorded machine, by number, as far as pointers told. */
  readonly #recordedAt = new Map<number, bigint>();

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
    if ((flags & SLAB_POISON) !== 0 || this.#written.has(`${slab}+${offset}`)) return true;
    const redZone = (flags & SLAB_RED_ZONE) !== 0;
    return redZone && ((inObject >= objectSize && inObject < inuse) || inObject >= size - redLeftPad);
  }

  /**
   * The recorded line with its free pointers as ours are, where they say the same: nothing for nothing, and for a place in a slab
   * the same offset from where that slab lay. Pointers are told by our line.
   */
  translatePointers(recorded: string, ours: string, placeOf: PlaceOf): string {
    const [theirs, mine] = [DUMP.exec(recorded), DUMP.exec(ours)];
    if (theirs === null || mine === null) return recorded;
    const [said, meant] = [bytesOf(theirs[4]!), bytesOf(mine[4]!)];
    const start = Number.parseInt(mine[3]!, 16);
    for (let i = 0; i + POINTER_BYTES <= meant.length; i += POINTER_BYTES) {
      if (!this.#isPointer(start + i)) continue;
      const place = placeOf(wordOf(meant, i));
      if (place === null || !this.#agrees(place, wordOf(said, i))) continue;
      said.splice(i, POINTER_BYTES, ...meant.slice(i, i + POINTER_BYTES));
    }
    return `${theirs[1]}S${theirs[2]}+0x${theirs[3]}: ${said.join(' ')}`;
  }

  #isPointer(offset: number): boolean {
    const { size, firstOffset, offset: pointer } = this.#cache;
    return (((offset - firstOffset - pointer) % size) + size) % size === 0;
  }

  #agrees([slab, offset]: readonly [number, number], said: bigint): boolean {
    const base = said - BigInt(offset);
    const known = this.#recordedAt.get(slab);
    if (known !== undefined) return known === base;
    if (base % PAGE_SIZE !== 0n) return false;
    this.#recordedAt.set(slab, base);
    return true;
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

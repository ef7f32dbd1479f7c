import { SLAB_POISON, SLAB_RED_ZONE } from '@mm/kmem';
import type { SlubCache } from '@mm/slub';

/** Bytes of a free pointer that say where memory lay in that boot; its lowest byte says which object it means. */
const POINTER_BYTES = 8;

/**
 * Which bytes of a debugged slab mean something. Without poison, what nobody has written is left from earlier use; and the
 * upper bytes of a free pointer depend on where the kernel put its memory.
 */
export class DebugBytes {
  readonly #cache: SlubCache;
  /** Offsets in the slab by slab number: bytes that a step wrote. */
  readonly #written = new Set<string>();

  constructor(cache: SlubCache) {
    this.#cache = cache;
  }

  /** A step wrote `count` bytes. */
  wrote(slab: number, offset: number, count: number): void {
    for (let i = 0; i < count; i++) this.#written.add(`${slab}+${offset + i}`);
  }

  /** Whether the byte at an offset of a slab can be compared. */
  isKnown(slab: number, offset: number): boolean {
    const { size, firstOffset, redLeftPad, objectSize, inuse, flags, offset: pointer } = this.#cache;
    const inObject = (((offset - firstOffset) % size) + size) % size;
    const inPointer = inObject - pointer;
    if (inPointer >= 1 && inPointer < POINTER_BYTES && !this.#written.has(`${slab}+${offset}`)) return false;
    if ((flags & SLAB_POISON) !== 0 || this.#written.has(`${slab}+${offset}`)) return true;
    const redZone = (flags & SLAB_RED_ZONE) !== 0;
    return redZone && ((inObject >= objectSize && inObject < inuse) || inObject >= size - redLeftPad);
  }

  /** A line of a dump with the bytes that mean nothing as `..`; other lines as they are. */
  maskLine(line: string): string {
    const found = /^(.{8} ?)S(\d+)\+0x([0-9a-f]+): ((?:[0-9a-f]{2} ?){1,16})/u.exec(line);
    if (found === null) return line;
    const [, label, slab, start] = found;
    const bytes = found[4]!.trim().split(/\s+/u).slice(0, 16);
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

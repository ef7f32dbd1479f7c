const PAGE_SIZE = 4096n;
const WORD = 2n ** 64n - 1n;

/** Where a slab lies here, as a virtual address. */
export interface OwnSlab {
  readonly slab: number;
  readonly base: bigint;
  readonly bytes: number;
}

/** What is known of an address: the bits of `value` under `mask`. */
interface Bits {
  readonly mask: bigint;
  readonly value: bigint;
}

/**
 * Where slabs lay on the recorded machine, by number, as far as pointers told: it is not recorded, but that each lay in one
 * place. A pointer that was partly written over still tells some bytes of it.
 */
export class RecordedPlaces {
  readonly #known = new Map<number, Bits>();

  /** Whether the recorded pointer `said` may lead to an offset of a slab. */
  agrees([slab, offset]: readonly [number, number], said: bigint): boolean {
    const base = said - BigInt(offset);
    return base % PAGE_SIZE === 0n && this.#learn(slab, { mask: WORD, value: base });
  }

  /**
   * Whether two words differ only in bytes that, here, are those of a pointer into one of the slabs, and may be those of the same
   * pointer there. An offset within a slab is the same in both.
   */
  mayBeSame(ours: bigint, said: bigint, slabs: readonly OwnSlab[]): boolean {
    const mask = bytesWithBits(ours ^ said);
    return slabs.some(({ slab, base, bytes }) => {
      const within = BigInt(bytes) - 1n;
      // Blocks are aligned to their size: the page within the slab is told by the same bits of both.
      if (((ours ^ said) & within) !== 0n || ((ours ^ base) & mask & ~within) !== 0n) return false;
      return this.#learn(slab, { mask: mask & ~within, value: said });
    });
  }

  #learn(slab: number, { mask, value }: Bits): boolean {
    const known = this.#known.get(slab) ?? { mask: 0n, value: 0n };
    if (((known.value ^ value) & known.mask & mask) !== 0n) return false;
    this.#known.set(slab, {
      mask: known.mask | mask,
      value: (known.value & known.mask) | (value & mask),
    });
    return true;
  }
}

/** All bits of the bytes that have one. */
function bytesWithBits(word: bigint): bigint {
  let mask = 0n;
  for (let at = 0n; at < 64n; at += 8n) if (((word >> at) & 0xffn) !== 0n) mask |= 0xffn << at;
  return mask;
}

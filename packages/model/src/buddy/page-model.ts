import { ModelViolation } from '../model-violation.js';

/** What the model is told of a zone: where it lies. */
export interface ModelZone {
  readonly name: string;
  readonly startPfn: number;
  readonly endPfn: number;
}

/** A block that somebody holds. `stamp` is what its owner wrote into its first word; 0: nothing. */
export interface LiveBlock {
  readonly pfn: number;
  readonly order: number;
  readonly zone: number;
  /** A compound block is given back as a whole; it cannot be split. */
  readonly compound: boolean;
  stamp: number;
}

/** Names of zones from low to high. */
const HEIGHT = ['DMA', 'DMA32', 'Normal', 'HighMem', 'Movable'];

/**
 * The zone that an allocation may reach at most, by the documented meaning of the flags: 1 DMA, 4 DMA32, 2 high memory,
 * 2 with 8 movable; what is not configured falls to Normal.
 * @example
 * highestZone(['DMA32', 'Normal', 'Movable'], GFP_DMA32); // 0
 */
export function highestZone(names: readonly string[], gfp: number): number {
  let wanted = 'Normal';
  if ((gfp & 1) !== 0) wanted = 'DMA';
  else if ((gfp & 4) !== 0) wanted = 'DMA32';
  else if ((gfp & 2) !== 0) wanted = (gfp & 8) === 0 ? 'HighMem' : 'Movable';
  const found = names.indexOf(wanted);
  return found === -1 ? names.indexOf('Normal') : found;
}

/**
 * The page allocator as its callers may think of it: a set of blocks that are held.
 *
 *   held bits = union of live blocks;   pages held of a zone = Σ 2^order of its live blocks
 * @example
 * const model = new PageModel(zones);
 */
export class PageModel {
  readonly live: LiveBlock[] = [];
  /** Pages held, by zone. */
  readonly held: number[];
  /** Pages that their owners began to give back so far, by zone. */
  readonly given: number[];
  readonly #zones: readonly ModelZone[];
  readonly #names: readonly string[];
  /** A bit for each page frame that is held. */
  readonly #bits: Uint32Array;

  constructor(zones: readonly ModelZone[]) {
    this.#zones = zones;
    this.#names = zones.map((zone) => zone.name).toSorted((x, y) => HEIGHT.indexOf(x) - HEIGHT.indexOf(y));
    this.held = zones.map(() => 0);
    this.given = zones.map(() => 0);
    this.#bits = new Uint32Array((Math.max(...zones.map((zone) => zone.endPfn)) >>> 5) + 33);
  }

  /** A block was handed out for these flags. @throws ModelViolation when it must not have been. */
  allocated(pfn: number, order: number, gfp: number): LiveBlock {
    const size = 1 << order;
    if (pfn % size !== 0)
      throw new ModelViolation('a block is aligned to its size', `pfn ${pfn} of order ${order}`);
    const zone = this.#zones.findIndex(({ startPfn, endPfn }) => pfn >= startPfn && pfn + size <= endPfn);
    if (zone === -1) throw new ModelViolation('a block lies inside one zone', `pfn ${pfn} of order ${order}`);
    if (zone > highestZone(this.#names, gfp))
      throw new ModelViolation(
        'a block comes from a zone that the flags allow',
        `pfn ${pfn} in ${this.#zones[zone]!.name} for gfp 0x${gfp.toString(16)}`,
      );
    this.#mark(pfn, size, true);
    const block = { pfn, order, zone, compound: (gfp & 0x40000) !== 0, stamp: 0 };
    this.live.push(block);
    this.held[zone]! += size;
    return block;
  }

  /** Takes a block out of the model: its owner is about to give it back. `at` is any integer from 0. */
  release(at: number): LiveBlock {
    const index = at % this.live.length;
    const block = this.live[index]!;
    const last = this.live.pop()!;
    if (block !== last) this.live[index] = last;
    const size = 1 << block.order;
    this.#mark(block.pfn, size, false);
    this.held[block.zone]! -= size;
    this.given[block.zone]! += size;
    return block;
  }

  /** Puts a released block back: its owner has kept it. */
  keep(block: LiveBlock): void {
    this.#mark(block.pfn, 1 << block.order, true);
    this.live.push(block);
    this.held[block.zone]! += 1 << block.order;
  }

  /** Nobody holds a page. */
  reset(): void {
    this.live.length = 0;
    this.held.fill(0);
    this.#bits.fill(0);
  }

  #mark(pfn: number, size: number, held: boolean): void {
    const bits = this.#bits;
    // Blocks of 32 pages and more cover whole words, as they are aligned.
    const step = Math.min(size, 32);
    const mask = step === 32 ? 0xffffffff : (((1 << step) - 1) << (pfn & 31)) >>> 0;
    for (let word = pfn >>> 5; word < (pfn + size + 31) >>> 5; word++) {
      if (held && (bits[word]! & mask) !== 0)
        throw new ModelViolation(
          'no page has two owners',
          `pfn ${pfn} of ${size} pages overlaps a live block`,
        );
      bits[word] = held ? bits[word]! | mask : bits[word]! & ~mask;
    }
  }
}

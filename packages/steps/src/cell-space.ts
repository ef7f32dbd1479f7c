import { CELLS_MAX, type Cell } from './access.js';
import { expected } from './expected.js';

interface Range {
  readonly name: string;
  readonly base: Cell;
  readonly count: number;
}

/** The cells that a compound step touches; one that it reads and writes is among `writes`. */
export interface Compound {
  readonly reads: readonly Cell[];
  readonly writes: readonly Cell[];
}

/**
 * Hands out cells to the structures of one machine and gives them back their names in traces.
 * Claims are numbered in order, so the same construction gives the same cells.
 *
 * @example
 * const cells = new CellSpace();
 * const zoneLock = cells.claim('zone.lock', 4);
 * cells.describe(zoneLock + 2); // 'zone.lock[2]'
 */
export class CellSpace {
  readonly #ranges: Range[] = [];
  readonly #compounds = new Map<Cell, Compound>();
  /** The lowest of them: cells below are none, which saves looking for each. */
  #firstCompound: number = CELLS_MAX;
  /** By cell a bit: 1 for a mutex. Grows by doubling: each cache of a machine has mutexes, and its zones have 100,000 cells. */
  #mutexes = new Int32Array(64);
  // Cell 0 belongs to the section kinds.
  #next = 1;

  /**
   * Reserves `count` consecutive cells and returns the first.
   * @throws RangeError when `name` is no text, `count` is not a positive integer or all cells are used up.
   */
  claim(name: string, count = 1): Cell {
    if (typeof name !== 'string') throw expected('name', 'text', name);
    if (!Number.isInteger(count) || count < 1)
      throw expected('count', `a positive integer, for cells "${name}"`, count);
    if (this.#next + count > CELLS_MAX)
      throw expected('count', `at most ${CELLS_MAX - this.#next} more cells, for "${name}"`, count);
    const base = this.#next;
    this.#ranges.push({ name, base, count });
    this.#next += count;
    return base;
  }

  /**
   * Reserves `count` cells that are locks whose waiters sleep. Taken and given back by `lock`, `tryLock` and `unlock` as
   * spin locks are, but held without keeping the CPU; never waited for in an atomic or read section.
   * @throws RangeError as {@link claim}.
   * @example
   * const slabMutex = cells.claimMutex('slab_mutex');
   * yield lock(slabMutex);
   */
  claimMutex(name: string, count = 1): Cell {
    const base = this.claim(name, count);
    const words = ((base + count) >>> 5) + 1;
    if (words > this.#mutexes.length) {
      const grown = new Int32Array(2 * words);
      grown.set(this.#mutexes);
      this.#mutexes = grown;
    }
    for (let cell = base; cell < base + count; cell++) this.#mutexes[cell >>> 5]! |= 1 << (cell & 31);
    return base;
  }

  /** Whether `cell` was claimed by {@link claimMutex}; false for what is no cell. */
  isMutex(cell: Cell): boolean {
    const word = cell >>> 5;
    if ((cell | 0) !== cell || word >= this.#mutexes.length) return false;
    return (this.#mutexes[word]! & (1 << (cell & 31))) !== 0;
  }

  /**
   * A cell that stands for several cells, touched in one step; of several in a row, the first.
   * @throws RangeError when a cell was not claimed here, or is a compound itself.
   * @example
   * const pop = cells.claimCompound('pop', { reads: [next], writes: [top] });
   * yield compound(pop);
   */
  claimCompound(name: string, ...touched: readonly [Compound, ...Compound[]]): Cell {
    // Compounds in a row often share an array; a machine has three to five over 256 cells.
    const copies = new Map<readonly Cell[], readonly Cell[]>();
    const copyOf = (side: 'reads' | 'writes', one: Compound): readonly Cell[] => {
      const cells = one?.[side];
      const copy = copies.get(cells) ?? this.#copyChecked(`touched.${side}`, name, cells);
      copies.set(cells, copy);
      return copy;
    };
    const owned = touched.map((one) => ({ reads: copyOf('reads', one), writes: copyOf('writes', one) }));
    const first = this.claim(name, owned.length);
    this.#firstCompound = Math.min(this.#firstCompound, first);
    for (const [i, one] of owned.entries()) this.#compounds.set(first + i, one);
    return first;
  }

  #copyChecked(field: string, name: string, cells: readonly Cell[]): readonly Cell[] {
    if (!Array.isArray(cells)) throw expected(field, 'an array of cells', cells);
    for (const cell of cells)
      if (!Number.isInteger(cell) || cell < 1 || cell >= this.#next || this.#isCompound(cell))
        throw expected(`${field} of ${String(name)}`, 'cells claimed before', cell);
    return cells.slice();
  }

  #isCompound(cell: Cell): boolean {
    return cell >= this.#firstCompound && this.#compounds.has(cell);
  }

  /** What compound cells stand for. */
  get compounds(): ReadonlyMap<Cell, Compound> {
    return this.#compounds;
  }

  /** Cells claimed so far: each is below this number. */
  get end(): Cell {
    return this.#next;
  }

  /**
   * The name of a cell as claimed, with its index where the claim had several: `zone.lock[2]`; `CPU 1 down` and `CPU 1 up`
   * of `cpuDown` and `cpuUp`; `cell N` of another.
   * @throws RangeError for what is no number.
   */
  describe(cell: Cell): string {
    if (typeof cell !== 'number') throw expected('cell', 'a number', cell);
    if (cell >= CELLS_MAX && cell < CELLS_MAX + 128)
      return `CPU ${(cell - CELLS_MAX) >> 1} ${(cell - CELLS_MAX) % 2 === 0 ? 'down' : 'up'}`;
    const range = this.#ranges.find((r) => cell >= r.base && cell < r.base + r.count);
    if (range === undefined) return `cell ${String(cell)}`;
    return range.count === 1 ? range.name : `${range.name}[${cell - range.base}]`;
  }
}

import type { Cell } from '@mm/steps';

/**
 * Who holds which spin lock, by cell. Grows with the highest cell that is locked.
 *
 * holderOf(cell) = -1 or the one task that took `cell` and has not given it back
 */
export class LockTable {
  // Task + 1, so that a fresh array means free.
  #holders = new Int32Array(1024);
  /** Cells taken since the last {@link clear} are below. */
  #end = 0;

  /** The task that holds `cell`, or -1. */
  holderOf(cell: Cell): number {
    return cell < this.#holders.length ? this.#holders[cell]! - 1 : -1;
  }

  take(cell: Cell, task: number): void {
    if (cell >= this.#holders.length) this.#grow(cell);
    if (cell >= this.#end) this.#end = cell + 1;
    this.#holders[cell] = task + 1;
  }

  giveBack(cell: Cell): void {
    this.#holders[cell] = 0;
  }

  /** Frees every lock of a task and returns them. */
  releaseAll(task: number): Cell[] {
    const held = this.heldBy(task);
    for (const cell of held) this.giveBack(cell);
    return held;
  }

  /** The locks that a task holds, in order of cells. Looks at all cells: for messages only. */
  heldBy(task: number): Cell[] {
    const held: Cell[] = [];
    for (let cell = 0; cell < this.#holders.length; cell++)
      if (this.#holders[cell] === task + 1) held.push(cell);
    return held;
  }

  clear(): void {
    if (this.#end > 0) this.#holders.fill(0, 0, this.#end);
    this.#end = 0;
  }

  #grow(cell: Cell): void {
    const grown = new Int32Array(2 ** Math.ceil(Math.log2(cell + 1)));
    grown.set(this.#holders);
    this.#holders = grown;
  }
}

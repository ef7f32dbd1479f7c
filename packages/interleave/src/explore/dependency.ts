import { type Access, AccessKind, type Cell, type CellSpace } from '@mm/steps';

/** What a step did beside its access, seen when it had been made. Bits of an event's `effects`. */
export const Effect = {
  /** It began or ended to keep its CPU: other tasks of that CPU can run no more, or again. */
  keeper: 1,
  /** It opened or closed a read section. */
  readSection: 2,
  /** It began or ended to wait for a grace period. */
  wait: 4,
  /** It started tasks, or waited for them. */
  spawn: 8,
  /** It ended its task. */
  end: 16,
  /** It took a lock: a trylock that failed did not. */
  took: 32,
} as const;

/** The access of an event that moves a task to another CPU. No step has kind 15. */
export const MOVE = 15 as Access;

/** Processes from here on are movers: process `MOVERS + t` moves task `t`. */
export const MOVERS = 16;

const isRead = (access: Access): boolean => (access & 15) === AccessKind.read;

/** Bits of a compound's row: what conflicts with a step that only reads, and with one that writes. */
const READER_CONFLICTS = 1;
const WRITER_CONFLICTS = 2;

/**
 * Which accesses do not commute. Two steps of different tasks are dependent when they touch one cell and
 * one of them does not only read it.
 */
export class Dependency {
  /** By compound cell: {@link READER_CONFLICTS} and {@link WRITER_CONFLICTS} of every other cell. */
  readonly #rows = new Map<Cell, Uint8Array>();
  readonly #visible = new Set<Cell>();

  /** @param visible cells whose changes are all ordered, since a property looks at them together. */
  constructor(cells: CellSpace | undefined, visible: readonly Cell[] = []) {
    for (const cell of visible) this.#visible.add(cell);
    if (cells === undefined) return;
    const { compounds, end } = cells;
    for (const [cell, touched] of compounds) {
      const row = new Uint8Array(end);
      for (const read of touched.reads) row[read]! |= WRITER_CONFLICTS;
      for (const write of touched.writes) row[write] = READER_CONFLICTS | WRITER_CONFLICTS;
      for (const [other, its] of compounds) {
        const meets =
          its.writes.some((its) => row[its] !== 0) ||
          its.reads.some((its) => (row[its]! & READER_CONFLICTS) !== 0);
        if (meets) row[other] = READER_CONFLICTS | WRITER_CONFLICTS;
      }
      this.#rows.set(cell, row);
    }
  }

  /** Whether two accesses of different tasks do not commute. */
  meets(a: Access, b: Access): boolean {
    const cellA = a >>> 4;
    const cellB = b >>> 4;
    if (cellA === cellB && cellA !== 0) return !(isRead(a) && isRead(b));
    if (this.#rows.size > 0) {
      const row = this.#rows.get(cellA);
      if (row !== undefined) return this.#inRow(row, b);
      const other = this.#rows.get(cellB);
      if (other !== undefined) return this.#inRow(other, a);
    }
    if (this.#visible.size === 0 || isRead(a) || isRead(b)) return false;
    return this.#visible.has(cellA) && this.#visible.has(cellB);
  }

  #inRow(row: Uint8Array, access: Access): boolean {
    const bits = row[access >>> 4] ?? 0;
    return (bits & (isRead(access) ? READER_CONFLICTS : WRITER_CONFLICTS)) !== 0;
  }
}

/** Whether two events by what they did beside their accesses are dependent. */
export function effectsMeet(a: number, cpuA: number, b: number, cpuB: number): boolean {
  if (cpuA === cpuB && ((a | b) & Effect.keeper) !== 0) return true;
  const waits = (Effect.wait & a) !== 0 || (Effect.wait & b) !== 0;
  if (
    waits &&
    (a & (Effect.wait | Effect.readSection)) !== 0 &&
    (b & (Effect.wait | Effect.readSection)) !== 0
  )
    return true;
  // Which number a started task gets hangs on the order of the starts.
  return (
    ((a & Effect.spawn) !== 0 && (b & (Effect.spawn | Effect.end)) !== 0) ||
    ((b & Effect.spawn) !== 0 && (a & (Effect.spawn | Effect.end)) !== 0)
  );
}

/** Whether an access takes part in the race for a lock. */
export const takesLock = (access: Access): boolean =>
  (access & 15) === AccessKind.lock || (access & 15) === AccessKind.tryLock;

import { type Access, AccessKind, type Cell, type CellSpace } from '@mm/steps';

import { hotplugCpu } from '../online-cpus.js';

/** Tasks of a scenario that is explored: numbers 0..15. */
export const TASKS = 16;
/** Process `t` is the next step of task t on its CPU, `MOVED + t` the same made on the next CPU. */
export const MOVED = 16;

/** What a step did beside its access, seen when it had been made. Bits of an event's `effects`. */
export const Effect = {
  /** It changed who keeps its CPU, or whether that has interrupts off. */
  keeper: 1,
  readOpened: 2,
  readClosed: 4,
  /** It began or ended to wait for a grace period. */
  wait: 8,
  /** It started tasks: their numbers hang on the order of the starts. */
  started: 16,
  /** It ended its task. */
  end: 32,
  /** It took a lock: a trylock that failed did not. */
  took: 64,
  /** It gave locks back by throwing. */
  gaveBack: 128,
  /** It began an interrupt handler. */
  interrupts: 256,
  /** It took a CPU down or brought one back. */
  hotplug: 512,
} as const;

const READ_SECTION = Effect.readOpened | Effect.readClosed;

/** Whether an access changes nothing: a read, or a trylock that failed. */
const isRead = (access: Access, effects: number): boolean => {
  const kind = access & 15;
  return kind === AccessKind.read || (kind === AccessKind.tryLock && (effects & Effect.took) === 0);
};

/** Whether an access is for a lock. */
const isLocking = (access: Access): boolean => {
  const kind = access & 15;
  return kind >= AccessKind.lock && kind <= AccessKind.tryLock;
};

/** Bits of a compound's row: what conflicts with a step that only reads, and with one that writes. */
const READER_CONFLICTS = 1;
const WRITER_CONFLICTS = 2;

/** Homes of tasks that have none, or whose is not known. */
const ANYWHERE = -1;
const UNKNOWN = -2;

/** One step as the search remembers it: a row of columns of numbers. */
export interface Steplike {
  readonly task: Int32Array;
  readonly access: Int32Array;
  readonly cpu: Int32Array;
  readonly effects: Int32Array;
}

/**
 * Which steps do not commute. Two steps of different tasks are dependent when they touch one cell and
 * one of them does not only read it, or when one decides whether the other can be made.
 */
export class Dependency {
  /** By task: the task that spawned it, or -1. Kept up to date by the search. */
  readonly parents = new Int32Array(TASKS).fill(-1);
  /** By task: the only CPU that it has been on, and can be on unless that goes offline; -1: several; -2: not known. */
  readonly #homes = new Int32Array(TASKS).fill(UNKNOWN);
  /** By compound cell: {@link READER_CONFLICTS} and {@link WRITER_CONFLICTS} of every other cell. */
  readonly #rows: Array<Uint8Array | undefined> = [];
  readonly #hasRows: boolean;
  /** The cells whose changes are all ordered; all cells, or none. */
  readonly #visible: ReadonlySet<Cell> | 'all' | undefined;

  /** @param visible cells whose changes are all ordered, since a property looks at them together. */
  constructor(cells: CellSpace | undefined, visible: readonly Cell[] | 'all' = []) {
    this.#visible = visible === 'all' ? 'all' : visible.length === 0 ? undefined : new Set(visible);
    if (cells !== undefined) {
      // By index, not by key: looked up twice for each pair of steps.
      if (cells.compounds.size > 0) this.#rows = Array.from({ length: cells.end }, () => undefined);
      for (const [cell, { reads, writes }] of cells.compounds) {
        const row = new Uint8Array(cells.end);
        for (const read of reads) row[read]! |= WRITER_CONFLICTS;
        for (const written of writes) row[written] = READER_CONFLICTS | WRITER_CONFLICTS;
        for (const [other, { reads: otherReads, writes: otherWrites }] of cells.compounds)
          if (
            otherWrites.some((at) => row[at] !== 0) ||
            otherReads.some((at) => (row[at]! & READER_CONFLICTS) !== 0)
          )
            row[other] = READER_CONFLICTS | WRITER_CONFLICTS;
        this.#rows[cell] = row;
      }
    }
    this.#hasRows = this.#rows.length > 0;
  }

  /** Whether step `a` of `as` and step `b` of `bs`, by different tasks, do not commute. */
  holds(as: Steplike, a: number, bs: Steplike, b: number): boolean {
    const accessA = as.access[a]! as Access;
    const accessB = bs.access[b]! as Access;
    const effectsA = as.effects[a]!;
    const effectsB = bs.effects[b]!;
    if (this.#meets(accessA, effectsA, accessB, effectsB)) return true;
    if ((effectsA | effectsB) === 0) return false;
    if ((effectsA & Effect.hotplug) !== 0 && this.#switches(accessA, bs, b)) return true;
    if ((effectsB & Effect.hotplug) !== 0 && this.#switches(accessB, as, a)) return true;
    if (as.cpu[a] === bs.cpu[b] && ((effectsA | effectsB) & Effect.keeper) !== 0) return true;
    return (
      (effectsA & effectsB & Effect.started) !== 0 ||
      waitsFor(effectsA, effectsB) ||
      waitsFor(effectsB, effectsA) ||
      this.#joins(as.task[a]!, accessA, effectsA, bs.task[b]!, accessB, effectsB) ||
      ((effectsA & Effect.gaveBack) !== 0 && (isLocking(accessB) || (effectsB & Effect.gaveBack) !== 0)) ||
      ((effectsB & Effect.gaveBack) !== 0 && isLocking(accessA))
    );
  }

  /** A task is on `cpu` now; -1: it may be on any. */
  noteHome(task: number, cpu: number): void {
    const home = this.#homes[task]!;
    if (home !== cpu) this.#homes[task] = home === UNKNOWN ? cpu : ANYWHERE;
  }

  /**
   * Whether a change of a CPU matters to step `b`: it is made there, or its task may come from there, it starts tasks, or
   * changes a CPU as well.
   */
  #switches(access: Access, bs: Steplike, b: number): boolean {
    if ((bs.effects[b]! & (Effect.hotplug | Effect.started)) !== 0) return true;
    const cpu = hotplugCpu(access);
    const home = this.#homes[bs.task[b]!]!;
    return home < 0 || home === cpu || bs.cpu[b] === cpu;
  }

  #meets(a: Access, effectsA: number, b: Access, effectsB: number): boolean {
    const cellA = a >>> 4;
    const cellB = b >>> 4;
    if (cellA === cellB && cellA !== 0) return !(isRead(a, effectsA) && isRead(b, effectsB));
    if (this.#hasRows) {
      const row = this.#rows[cellA];
      const other = row ?? this.#rows[cellB];
      if (other !== undefined) {
        const reads = row === undefined ? isRead(a, effectsA) : isRead(b, effectsB);
        const bits = other[row === undefined ? cellA : cellB] ?? 0;
        if ((bits & (reads ? READER_CONFLICTS : WRITER_CONFLICTS)) !== 0) return true;
      }
    }
    const visible = this.#visible;
    if (visible === undefined || isRead(a, effectsA) || isRead(b, effectsB)) return false;
    return visible === 'all' || (visible.has(cellA) && visible.has(cellB));
  }

  /** Whether one is the end of a task, and the other that of its parent's wait for it. */
  #joins(taskA: number, a: Access, effectsA: number, taskB: number, b: Access, effectsB: number): boolean {
    return (
      ((effectsA & Effect.end) !== 0 && this.parents[taskA] === taskB && (b & 15) === AccessKind.spawn) ||
      ((effectsB & Effect.end) !== 0 && this.parents[taskB] === taskA && (a & 15) === AccessKind.spawn)
    );
  }
}

const waitsFor = (a: number, b: number): boolean =>
  (a & Effect.wait) !== 0 && (b & (Effect.wait | READ_SECTION)) !== 0;

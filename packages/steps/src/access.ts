/**
 * One announced access to shared state, as a number: `cell * 16 + kind`.
 *
 * | bits  | meaning                                   |
 * | ----- | ----------------------------------------- |
 * | 3..0  | {@link AccessKind}                        |
 * | 30..4 | the cell, 0..2^27-1 (0 for section kinds) |
 *
 * A small integer, so that a step allocates nothing.
 */
export type Access = number & { readonly [accessBrand]: true };
declare const accessBrand: unique symbol;

/** A place in shared state that tasks may race on. Claimed from a {@link CellSpace}. */
export type Cell = number;

/** Cells are numbered 0..CELLS_MAX-1. The 128 numbers above stand for CPUs that go offline and come back. */
export const CELLS_MAX: number = 2 ** 27 - 128;

/** What a step does. The order is part of the encoding of {@link Access}. */
export const AccessKind = {
  read: 0,
  write: 1,
  /** An atomic read-modify-write: compare-exchange, fetch-add. */
  rmw: 2,
  lock: 3,
  unlock: 4,
  /** Answered with `true` when the lock was taken. */
  tryLock: 5,
  irqSave: 6,
  irqRestore: 7,
  preemptDisable: 8,
  preemptEnable: 9,
  rcuReadLock: 10,
  rcuReadUnlock: 11,
  /** Blocks until every read section that is open now has closed. */
  gracePeriod: 12,
  /** Starts the tasks in `ctx.spawned` and blocks until they have ended. */
  spawn: 13,
  /** Several reads and writes as one step; its cell names them, see `CellSpace.claimCompound`. */
  compound: 14,
  /** A CPU goes offline or comes back: which and how says its cell, see {@link cpuDown} and {@link cpuUp}. */
  hotplug: 15,
} as const;
export type AccessKind = (typeof AccessKind)[keyof typeof AccessKind];

const of = (cell: Cell, kind: AccessKind): Access => (cell * 16 + kind) as Access;

/**
 * Another task may run before this read of `cell`.
 * @example
 * yield read(cell); const seen = state[0];
 */
export const read = (cell: Cell): Access => of(cell, AccessKind.read);
/**
 * Another task may run before this write of `cell`.
 * @example
 * yield write(cell); state[0] = 1;
 */
export const write = (cell: Cell): Access => of(cell, AccessKind.write);
/**
 * Another task may run before this atomic read-modify-write of `cell`.
 * @example
 * yield rmw(cell); state[0]! += 1;
 */
export const rmw = (cell: Cell): Access => of(cell, AccessKind.rmw);
/**
 * Takes the spin lock `cell`; blocks while another task holds it. Held, it disables preemption.
 * @example
 * yield lock(cell);
 */
export const lock = (cell: Cell): Access => of(cell, AccessKind.lock);
/**
 * Gives the spin lock `cell` back.
 * @example
 * yield unlock(cell);
 */
export const unlock = (cell: Cell): Access => of(cell, AccessKind.unlock);
/**
 * Takes the spin lock `cell` if it is free, and answers whether it was. Erased, it always succeeds.
 * @example
 * const taken = yield tryLock(cell);
 */
export const tryLock = (cell: Cell): Access => of(cell, AccessKind.tryLock);

/**
 * Another task may run before several reads and writes that are one step: `cell` is from
 * `CellSpace.claimCompound`.
 * @example
 * yield compound(pop); top = next[top];
 */
export const compound = (cell: Cell): Access => of(cell, AccessKind.compound);

/** Enters a section that no interrupt handler and no other task of this CPU can enter. Nests. */
export const irqSave: Access = of(0, AccessKind.irqSave);
/** Leaves the innermost {@link irqSave} section. */
export const irqRestore: Access = of(0, AccessKind.irqRestore);
/** Enters a section in which this task keeps its CPU. Nests. */
export const preemptDisable: Access = of(0, AccessKind.preemptDisable);
/** Leaves the innermost {@link preemptDisable} section. */
export const preemptEnable: Access = of(0, AccessKind.preemptEnable);
/** Opens a read section that a {@link gracePeriod} waits for. Nests. */
export const rcuReadLock: Access = of(0, AccessKind.rcuReadLock);
/** Closes the innermost {@link rcuReadLock} section. */
export const rcuReadUnlock: Access = of(0, AccessKind.rcuReadUnlock);
/** Waits for every read section that is open now. Erased, it ends at once. */
export const gracePeriod: Access = of(0, AccessKind.gracePeriod);

/**
 * Takes a CPU offline: blocks until its task is in no section, then moves all tasks of it to the lowest CPU that is
 * online, pinned ones too, as the kernel does before it tells anybody. Nothing when it is offline already. Not to be
 * announced in a section, nor made on that CPU. Erased, it does nothing.
 * @param cpu 0..63
 * @example
 * yield cpuDown(1); // nothing runs there any more: what the CPU kept can be given back
 * @see linux 6.1 kernel/cpu.c takedown_cpu
 */
export const cpuDown = (cpu: number): Access => of(CELLS_MAX + 2 * cpu, AccessKind.hotplug);
/**
 * Brings a CPU back: tasks may begin there again, and move there. Erased, it does nothing.
 * @param cpu 0..63
 * @example
 * yield cpuUp(1);
 * @see linux 6.1 kernel/cpu.c bringup_cpu
 */
export const cpuUp = (cpu: number): Access => of(CELLS_MAX + 2 * cpu + 1, AccessKind.hotplug);

/**
 * The kind of an access.
 * @example
 * accessKind(lock(7)) === AccessKind.lock;
 */
export const accessKind = (access: Access): AccessKind => (access & 15) as AccessKind;
/**
 * The cell of an access; 0 for the section kinds, which have none.
 * @example
 * accessCell(lock(7)); // 7
 */
export const accessCell = (access: Access): Cell => access >>> 4;

/**
 * A function that pauses at every access to shared state. Write it as `function*`; the eraser
 * turns it into a plain function that returns `T`.
 */
export type Steps<T> = Generator<Access, T, boolean>;

/**
 * Whether another task came between, as the comparison of a compare-exchange shows. Erased, nothing can have: `if (raced(...))`
 * disappears with what follows it, which makes an allocation and its free in SLUB a quarter faster.
 *
 * @param changed reads state and changes nothing; as it is erased too.
 * @example
 * let seen = state[0]!;
 * yield rmw(cell);
 * while (raced(state[0] !== seen)) seen = state[0]!;
 */
export const raced = (changed: boolean): boolean => changed;

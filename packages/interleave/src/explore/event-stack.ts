import { TASKS } from './dependency.js';

/** Processes: a step of each task on its CPU, and on the next. */
export const PROCESSES = 2 * TASKS;

/** Columns by depth. */
export const BY_DEPTH = [
  'process',
  'task',
  'access',
  'cpu',
  'effects',
  'keptBefore',
  'keptAfter',
  'enabled',
  'done',
  'backtrack',
  'sleep',
  'preemptions',
] as const;
type Column = (typeof BY_DEPTH)[number];

/** The stack as plain data. */
export type StackState = Readonly<Record<Column | 'clocks' | 'asleep', readonly number[]>>;

const wider = (old: Int32Array): Int32Array<ArrayBuffer> => {
  const next = new Int32Array(old.length * 2);
  next.set(old);
  return next;
};

/** Numbers kept for each sleeping process. */
class Asleep {
  task = new Int32Array(256 * PROCESSES);
  access = new Int32Array(256 * PROCESSES);
  cpu = new Int32Array(256 * PROCESSES);
  effects = new Int32Array(256 * PROCESSES);
}

/**
 * The events of the run that is being made, by depth, and what is left to explore beside each.
 *
 * done ⊆ backtrack ⊆ enabled; what is open at a depth = backtrack - done - sleep
 */
export class EventStack implements Record<Column, Int32Array> {
  process = new Int32Array(256);
  task = new Int32Array(256);
  access = new Int32Array(256);
  cpu = new Int32Array(256);
  effects = new Int32Array(256);
  /** Who kept the CPU before the event and after it, as `keepStateOf` has it. */
  keptBefore = new Int32Array(256);
  keptAfter = new Int32Array(256);
  /** Processes that could have been chosen, have been, must be, and need not be: as bits. */
  enabled = new Int32Array(256);
  done = new Int32Array(256);
  backtrack = new Int32Array(256);
  sleep = new Int32Array(256);
  /** Preemptions up to the event and with it. */
  preemptions = new Int32Array(256);
  /** By depth and task: the last event of the task that this one comes after, or -1. */
  clocks = new Int32Array(256 * TASKS);
  /** By depth and process: the step that a process makes which has been explored from there or sleeps. */
  readonly asleep = new Asleep();
  /** 1: the event only touched its cell. Follows from the other columns. */
  plain = new Uint8Array(256);
  /** The event before it of the same task, or -1. Follows from `task`. */
  previous = new Int32Array(256);
  depth = 0;

  /** Makes room for one more event and a row after it. */
  reserve(): void {
    if (this.depth + 2 < this.process.length) return;
    for (const column of BY_DEPTH) this[column] = wider(this[column]);
    this.clocks = wider(this.clocks);
    const plain = new Uint8Array(this.plain.length * 2);
    plain.set(this.plain);
    this.plain = plain;
    this.previous = wider(this.previous);
    const { asleep } = this;
    for (const column of ['task', 'access', 'cpu', 'effects'] as const)
      asleep[column] = wider(asleep[column]);
  }

  /** Whether one of the first `depth` events had an effect. */
  hasEffect(effect: number, depth: number): boolean {
    return this.effects.subarray(0, depth).some((effects) => (effects & effect) !== 0);
  }

  /** Notes the event at `depth` as that of a process which need not be made there again. */
  putToSleep(depth: number): void {
    const to = depth * PROCESSES + this.process[depth]!;
    const { asleep } = this;
    asleep.task[to] = this.task[depth]!;
    asleep.access[to] = this.access[depth]!;
    asleep.cpu[to] = this.cpu[depth]!;
    asleep.effects[to] = this.effects[depth]!;
  }

  /** Hands the step of a sleeping process on to the next depth. */
  keepAsleep(depth: number, process: number): void {
    const from = depth * PROCESSES + process;
    const to = from + PROCESSES;
    const { asleep } = this;
    asleep.task[to] = asleep.task[from]!;
    asleep.access[to] = asleep.access[from]!;
    asleep.cpu[to] = asleep.cpu[from]!;
    asleep.effects[to] = asleep.effects[from]!;
  }

  /** The first `depth` events, as plain data. Of the sleeping steps, those that matter: pairs of index and values. */
  save(depth: number): StackState {
    const columns = Object.fromEntries(
      BY_DEPTH.map((column) => [column, [...this[column].subarray(0, depth)]]),
    );
    const asleep: number[] = [];
    const its = this.asleep;
    for (let at = 0; at < depth; at++)
      for (let process = 0; process < PROCESSES; process++) {
        if (((this.sleep[at]! | this.done[at]!) & (1 << process)) === 0) continue;
        const from = at * PROCESSES + process;
        asleep.push(from, its.task[from]!, its.access[from]!, its.cpu[from]!, its.effects[from]!);
      }
    const clocks = [...this.clocks.subarray(0, depth * TASKS)];
    return { ...(columns as Record<Column, number[]>), clocks, asleep };
  }

  /** Takes back what {@link save} gave. */
  restore(state: StackState): void {
    this.depth = state.process.length;
    while (this.depth + 2 >= this.process.length) this.reserve();
    for (const column of BY_DEPTH) this[column].set(state[column]);
    this.clocks.set(state.clocks);
    for (let at = 0; at < this.depth; at++)
      this.previous[at] = this.task.subarray(0, at).lastIndexOf(this.task[at]!);
    for (let i = 0; i < state.asleep.length; i += 5) {
      const to = state.asleep[i]!;
      this.asleep.task[to] = state.asleep[i + 1]!;
      this.asleep.access[to] = state.asleep[i + 2]!;
      this.asleep.cpu[to] = state.asleep[i + 3]!;
      this.asleep.effects[to] = state.asleep[i + 4]!;
    }
    this.depth = 0;
  }
}

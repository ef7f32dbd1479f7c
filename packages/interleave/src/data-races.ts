import { type Access, AccessKind, type Cell } from '@mm/steps';

import { cellName } from './describe-waits.js';
import type { Interleaver } from './interleaver.js';
import type { Monitor } from './monitors.js';
import { ScheduleError } from './schedule-error.js';
import type { ScenarioRun } from './run-schedule.js';

type Clock = Map<number, number>;

function join(into: Clock, from: Clock | undefined): void {
  if (from === undefined) return;
  for (const [task, time] of from) if ((into.get(task) ?? -1) < time) into.set(task, time);
}

/**
 * Finds races on cells that are declared unsynchronised: two tasks touch one, at least one writes, and no
 * chain of locks, atomic accesses or accesses to other shared cells orders them. Vector clocks, as in
 * FastTrack, without its short forms. A run shows a race in whichever order the two came.
 * @example
 * runSchedule(scenario, scheduler, { monitors: [new DataRaceMonitor()] });
 */
export class DataRaceMonitor implements Monitor {
  #plain = new Set<Cell>();
  #clocks: Clock[] = [];
  #released = new Map<Cell, Clock>();
  /** By cell: the last access of each task that read or wrote it. */
  #reads = new Map<Cell, Clock>();
  #writes = new Map<Cell, Clock>();
  #machine: Interleaver | undefined;
  #names: ReadonlyArray<string | undefined> = [];

  begin(run: ScenarioRun, machine: Interleaver): void {
    this.#plain = new Set(run.unsynchronised ?? []);
    this.#clocks = [];
    this.#released = new Map();
    this.#reads = new Map();
    this.#writes = new Map();
    this.#machine = machine;
    this.#names = run.tasks.map(({ name }) => name);
  }

  onStep(task: number, access: Access): void {
    const cell = access >>> 4;
    if (cell === 0 || this.#plain.size === 0) return;
    const clock = (this.#clocks[task] ??= new Map([[task, 0]]));
    const time = clock.get(task)! + 1;
    clock.set(task, time);
    const kind = access & 15;
    if (!this.#plain.has(cell)) {
      if (kind !== AccessKind.write && kind !== AccessKind.unlock) join(clock, this.#released.get(cell));
      if (kind === AccessKind.read) return;
      const released: Clock = this.#released.get(cell) ?? new Map();
      join(released, clock);
      this.#released.set(cell, released);
      return;
    }
    this.#expectOrdered(task, cell, this.#writes.get(cell), clock, 'wrote');
    if (kind !== AccessKind.read) this.#expectOrdered(task, cell, this.#reads.get(cell), clock, 'read');
    const last = kind === AccessKind.read ? this.#reads : this.#writes;
    const times: Clock = last.get(cell) ?? new Map();
    times.set(task, time);
    last.set(cell, times);
  }

  #expectOrdered(task: number, cell: Cell, times: Clock | undefined, clock: Clock, did: string): void {
    for (const [other, time] of times ?? []) {
      if (other === task || time <= (clock.get(other) ?? -1)) continue;
      const machine = this.#machine!;
      throw new ScheduleError(
        'data race',
        `${this.#nameOf(task)} touches ${cellName(machine, cell)}, which ${this.#nameOf(other)} ${did}, and nothing orders the two`,
      );
    }
  }

  /** Either may have ended by now. */
  #nameOf(task: number): string {
    return this.#names[task] ?? `task ${task}`;
  }
}

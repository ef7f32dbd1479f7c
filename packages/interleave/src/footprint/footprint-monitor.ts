import { type Access, type Cell, accessCell } from '@mm/steps';

import { Dependency, TASKS } from '../explore/dependency.js';
import { EventStack } from '../explore/event-stack.js';
import { Races } from '../explore/races.js';
import { StepEffects } from '../explore/step-effects.js';
import { describeAccess } from '../output/describe-access.js';
import type { Interleaver } from '../interleaver.js';
import type { Monitor } from '../monitors.js';
import type { Footprint, ScenarioRun } from '../run-schedule.js';
import { ScheduleError } from '../schedule-error.js';
import { WatchedObjects } from './watched-objects.js';

/** Who touched an element last: by task, the step of its last read and of its last write, or -1. */
interface Touched {
  readonly path: string;
  readonly reads: Int32Array;
  readonly writes: Int32Array;
}

/**
 * Traps accesses that were not announced: two steps of different tasks touch the same element of what the scenario's
 * `footprint` reaches, one of them writing, and what the two tasks announced does not order them. Such a pair makes
 * partial-order reduction unsound, since it may leave out the other order.
 *
 * @example
 * runSchedule(scenario, scheduler, { monitors: [new FootprintMonitor()] });
 */
export class FootprintMonitor implements Monitor {
  readonly #watched = new WatchedObjects((container, path, key, writes) => {
    if (this.#task >= 0) this.#note(container, path, key, writes);
  });
  readonly #stack = new EventStack();
  readonly #effects = new StepEffects();
  #dependency = new Dependency(undefined);
  #races = new Races(this.#stack, this.#dependency, false);
  #machine: Interleaver | undefined;
  #exempt: Footprint['exempt'];
  /** The task whose step is being made, or -1. */
  #task = -1;
  #elements = new Map<object, Map<unknown, Touched>>();
  /** What the step being made has touched: checked when all that it announced is known. */
  #now: Array<{ element: Touched; key: unknown; writes: boolean }> = [];

  begin(run: ScenarioRun, machine: Interleaver): void {
    this.#machine = machine;
    this.#task = -1;
    this.#stack.depth = 0;
    this.#elements = new Map();
    this.#now = [];
    this.#dependency = new Dependency(run.cells);
    this.#races = new Races(this.#stack, this.#dependency, false);
    this.#exempt = run.footprint?.exempt;
    for (const [name, root] of Object.entries(run.footprint?.roots ?? {})) this.#watched.watch(root, name);
  }

  beforeStep(task: number, _access: Access, cpu: number): void {
    if (task >= TASKS)
      throw new ScheduleError('wrong use', `expected at most ${TASKS} tasks under the footprint check`);
    const machine = this.#machine!;
    const { parents } = this.#dependency;
    for (let t = 0; t < Math.min(TASKS, machine.taskCount); t++) {
      parents[t] = machine.parentOf(t);
      this.#dependency.noteHome(t, machine.cpuOf(t));
    }
    this.#effects.before(machine, task, cpu);
    this.#now.length = 0;
    this.#task = task;
  }

  onStep(task: number, access: Access, cpu: number): void {
    this.#task = -1;
    const machine = this.#machine!;
    const stack = this.#stack;
    const at = stack.depth;
    const tasks = machine.taskCount;
    stack.reserve();
    stack.task[at] = task;
    stack.access[at] = access;
    stack.cpu[at] = cpu;
    stack.effects[at] = this.#effects.after(machine, task, access, cpu);
    stack.keptBefore[at] = this.#effects.keptBefore;
    stack.keptAfter[at] = this.#effects.keptAfter;
    stack.depth++;
    this.#races.find(at);
    this.#races.lastEvent[task] = at;
    for (let child = 0; child < Math.min(TASKS, tasks); child++)
      if (machine.parentOf(child) === task && this.#races.lastEvent[child] === -1)
        this.#races.lastEvent[child] = at;
    for (const { element, key, writes } of this.#now) this.#check(element, key, writes, at);
  }

  dispose(): void {
    this.#watched.dispose();
  }

  #note(container: object, path: string, key: unknown, writes: boolean): void {
    const shown = typeof key === 'number' ? key : String(key);
    if (this.#exempt?.(path, shown) === true) return;
    let elements = this.#elements.get(container);
    if (elements === undefined) this.#elements.set(container, (elements = new Map()));
    let element = elements.get(key);
    if (element === undefined) {
      element = { path, reads: new Int32Array(TASKS).fill(-1), writes: new Int32Array(TASKS).fill(-1) };
      elements.set(key, element);
    }
    this.#now.push({ element, key, writes });
  }

  #check(element: Touched, key: unknown, writes: boolean, at: number): void {
    const { task: tasks, clocks } = this.#stack;
    const me = tasks[at]!;
    for (let other = 0; other < TASKS; other++) {
      if (other === me) continue;
      const seen = clocks[at * TASKS + other]!;
      if (element.writes[other]! > seen) this.#report(element, key, at, writes, element.writes[other]!, true);
      if (writes && element.reads[other]! > seen)
        this.#report(element, key, at, true, element.reads[other]!, false);
    }
    (writes ? element.writes : element.reads)[me] = at;
  }

  #report(
    { path }: Touched,
    key: unknown,
    at: number,
    writes: boolean,
    before: number,
    wrote: boolean,
  ): never {
    const where = typeof key === 'number' ? `${path}[${key}]` : `${path}.${String(key)}`;
    const step = (i: number): string => `step ${i}, ${this.#describe(i)},`;
    throw new ScheduleError(
      'unannounced access',
      `${where} is ${writes ? 'written' : 'read'} by ${step(at)} and was ${wrote ? 'written' : 'read'} by ${step(before)} and nothing that was announced orders the two`,
    );
  }

  #describe(at: number): string {
    const machine = this.#machine!;
    const access = this.#stack.access[at]! as Access;
    const name = (cell: Cell): string => machine.cells?.describe(cell) ?? `cell ${cell}`;
    const task = this.#stack.task[at]!;
    const who = machine.hooks.nameOf?.(task, 0) ?? `task ${task}`;
    return `${who} ${describeAccess(access, name(accessCell(access)))}`;
  }
}

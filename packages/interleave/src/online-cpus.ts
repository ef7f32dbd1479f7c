import { CELLS_MAX, Context } from '@mm/steps';

import { wrongUse } from './schedule-error.js';
import { CPUS_MAX } from './scheduler.js';
import type { TaskTable } from './task-table.js';

/** The CPU that a step of kind `hotplug` is about. */
export const hotplugCpu = (access: number): number => ((access >>> 4) - CELLS_MAX) >> 1;

/** Whether it takes the CPU down, and does not bring it back. */
export const takesDown = (access: number): boolean => (((access >>> 4) - CELLS_MAX) & 1) === 0;

/** Which CPUs run tasks: at first all. */
export class OnlineCpus {
  readonly #cpus: number;
  /** By CPU: 1 while it is offline, and no task moves there. */
  readonly #offline = new Uint8Array(CPUS_MAX);

  constructor(cpus: number) {
    this.#cpus = cpus;
  }

  /** @throws ScheduleError 'wrong use' */
  checkCpu(cpu: number): void {
    if (Number.isInteger(cpu) && cpu >= 0 && cpu < this.#cpus) return;
    throw wrongUse(`a CPU 0..${this.#cpus - 1}`, cpu);
  }

  /** @throws ScheduleError 'wrong use' */
  checkContext(ctx: Context): void {
    if (!(ctx instanceof Context)) throw wrongUse('a Context', ctx);
    if (ctx.cpu >= 0 && ctx.cpu < this.#cpus) return;
    throw wrongUse(`a task on CPU 0..${this.#cpus - 1}`, `CPU ${ctx.cpu}`);
  }

  isOffline(cpu: number): boolean {
    return this.#offline[cpu] === 1;
  }

  /** The lowest CPU that is online, but for `cpu`; or -1. */
  refugeFrom(cpu: number): number {
    for (let other = 0; other < this.#cpus; other++)
      if (other !== cpu && this.#offline[other] === 0) return other;
    return -1;
  }

  /** The CPU goes, and its tasks go on on the {@link refugeFrom} it. */
  takeDown(cpu: number, { live, liveCount, slots }: TaskTable): void {
    const refuge = this.refugeFrom(cpu);
    for (let i = 0; i < liveCount; i++) {
      const { ctx } = slots[live[i]!]!;
      if (ctx.cpu === cpu) ctx.cpu = refuge;
    }
    this.#offline[cpu] = 1;
  }

  bringUp(cpu: number): void {
    this.#offline[cpu] = 0;
  }

  /** All are online again. */
  reset(): void {
    this.#offline.fill(0);
  }
}

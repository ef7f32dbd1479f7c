import { existsSync } from 'node:fs';

import {
  CPUS_MAX,
  type Choice,
  type Interleaver,
  type RunResult,
  type Schedule,
  type Scheduler,
  checkSchedule,
  choiceCpu,
  choiceOf,
  choiceTask,
} from '@mm/interleave';
import { OptionError } from '@mm/printk';

import { parseJson, readText } from '../read-json.js';

/** Steps in a row of one task. */
export interface Segment {
  /** Its number: tasks that others start count on. */
  readonly task: number;
  /** Where; undefined: where it is. */
  readonly cpu: number | undefined;
  /** How many; undefined: until it ends or has to wait. */
  readonly steps: number | undefined;
}

/** Tasks that the reduction, and so a scenario, has at most. */
const TASKS_MAX = 16;
const STEPS_MAX = 2 ** 31 - 1;
const FORM = 'tasks by number or name, each with @CPU and :STEPS where wanted, such as "0:3,flush,0@1:2"';

/**
 * `--schedule`: a list such as `0:3,flush,0`, the pairs of choice and count that a failure prints, or a file with such
 * pairs, alone or as the `schedule` of a saved run or a trace.
 *
 * @param names of the scenario's tasks.
 * @throws OptionError
 */
export function scheduleOption(text: string, names: readonly string[], cpus: number): Segment[] {
  if (/^\s*\[/u.test(text))
    return segmentsOf(parseJson(text, '--schedule', 'pairs of choice and count'), cpus);
  const listed = text.split(',').map((item) => segmentOf(item.trim(), names));
  if (listed.every((segment) => segment !== undefined))
    return listed.map((segment) => checkSegment(segment, text, cpus));
  if (existsSync(text)) return segmentsOf(scheduleIn(parseJson(readText(text), text, 'a schedule')), cpus);
  const quoted = names.map((name, task) => `${task} (${name})`).join(', ');
  throw new OptionError('--schedule', `a file that is there, or ${FORM}; tasks are ${quoted}`, text);
}

/** The schedule that a file holds: as it is, of a saved run, of a trace, or of a report that has a trace. */
function scheduleIn(content: unknown): unknown {
  if (typeof content !== 'object' || content === null) return content;
  const { schedule, trace } = content as { schedule?: unknown; trace?: { schedule?: unknown } | null };
  return schedule ?? trace?.schedule ?? content;
}

function segmentsOf(schedule: unknown, cpus: number): Segment[] {
  if (!Array.isArray(schedule) || schedule.length === 0)
    throw new OptionError('--schedule', 'pairs of choice and count, at least one', schedule);
  try {
    checkSchedule(schedule as number[]);
  } catch (error) {
    throw new OptionError(
      '--schedule',
      (error as Error).message.replace(/^schedule: expected /u, ''),
      schedule,
    );
  }
  const pairs = schedule as number[];
  return Array.from({ length: pairs.length / 2 }, (_, i) => {
    const choice = pairs[2 * i]!;
    const segment = { task: choiceTask(choice), cpu: choiceCpu(choice), steps: pairs[2 * i + 1]! };
    return checkSegment(segment, `${choice}, ${segment.steps}`, cpus);
  });
}

const ITEM = /^(?<who>.+?)(?:@(?<cpu>\d{1,4}))?(?::(?<steps>\d{1,10}))?$/u;

/** One item of a list; undefined where it names nobody. */
function segmentOf(item: string, names: readonly string[]): Segment | undefined {
  const { who, cpu, steps } = ITEM.exec(item)?.groups ?? {};
  if (who === undefined) return undefined;
  const task = names.includes(who) ? names.indexOf(who) : /^\d{1,4}$/u.test(who) ? Number(who) : -1;
  if (task < 0) return undefined;
  return {
    task,
    cpu: cpu === undefined ? undefined : Number(cpu),
    steps: steps === undefined ? undefined : Number(steps),
  };
}

function checkSegment(segment: Segment, text: string, cpus: number): Segment {
  const { task, cpu = 0, steps = 1 } = segment;
  if (task >= TASKS_MAX) throw new OptionError('--schedule', `tasks below ${TASKS_MAX}`, text);
  if (cpu >= Math.min(cpus, CPUS_MAX)) throw new OptionError('--schedule', `CPUs 0 to ${cpus - 1}`, text);
  if (steps < 1 || steps > STEPS_MAX) throw new OptionError('--schedule', `1 to ${STEPS_MAX} steps`, text);
  return segment;
}

/** Follows a schedule given by hand. Where it ends, or cannot be followed, the task that ran last goes on, else the lowest. */
export class HandScheduler implements Scheduler {
  /** The first step that could not be made as given, or -1. */
  leftAt = -1;
  readonly #segments: readonly Segment[];
  #at = 0;
  #made = 0;

  constructor(segments: readonly Segment[]) {
    this.#segments = segments;
  }

  choose(tasks: Interleaver): Choice {
    while (this.#at < this.#segments.length) {
      const { task, cpu, steps } = this.#segments[this.#at]!;
      if (this.#made !== steps && task < tasks.taskCount) {
        const on = cpu ?? tasks.cpuOf(task);
        if (tasks.canRun(task, on)) {
          this.#made++;
          return choiceOf(task, on);
        }
      }
      // As far as it goes is at least one step.
      const isDone = steps === undefined ? this.#made > 0 : this.#made === steps;
      if (!isDone && this.leftAt < 0) this.leftAt = tasks.steps;
      this.#at++;
      this.#made = 0;
    }
    const last = tasks.lastTask;
    if (last >= 0 && tasks.canRun(last, tasks.cpuOf(last))) return choiceOf(last, tasks.cpuOf(last));
    return tasks.enabled()[0] ?? -1;
  }

  /** To be called after the run: a run that ended before its schedule did has left it, too. */
  end(steps: number): void {
    const over = this.#segments.slice(this.#at);
    const { steps: asked } = over[0] ?? {};
    const isShort = over.length > 1 || (asked !== undefined && this.#made < asked);
    if (this.leftAt < 0 && isShort) this.leftAt = steps;
  }
}

/** The schedule of a run as a list for `--schedule`: a CPU is named where its task was not before, or may not be. */
export function handText(
  { schedule, names }: Pick<RunResult, 'names' | 'schedule'>,
  cpuOf: readonly number[],
): string {
  const cpus = new Map(names.map((_, task) => [task, cpuOf[task]]));
  return pairsOf(schedule)
    .map(([choice, count]) => {
      const [task, cpu] = [choiceTask(choice), choiceCpu(choice)];
      const at = cpus.get(task) === cpu ? '' : `@${cpu}`;
      cpus.set(task, cpu);
      return `${task}${at}:${count}`;
    })
    .join(',');
}

const pairsOf = (schedule: Schedule): Array<readonly [Choice, number]> =>
  Array.from({ length: schedule.length / 2 }, (_, i) => [schedule[2 * i]!, schedule[2 * i + 1]!]);

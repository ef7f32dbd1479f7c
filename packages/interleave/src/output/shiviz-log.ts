import { type Access, AccessKind } from '@mm/steps';

import { checkResult } from '../check-scenario.js';
import { expectOptions, expected } from '../expected.js';
import { Dependency, Effect } from '../explore/dependency.js';
import type { RunResult } from '../run-schedule.js';
import { choiceCpu, choiceTask } from '../scheduler.js';
import { describeStep } from './describe-access.js';

/** The parser expression to give ShiViz with a {@link shivizLog}: two lines for each event. */
export const SHIVIZ_PARSER = String.raw`(?<event>.*)\n(?<host>\S*) (?<clock>{.*})`;

/** What a {@link shivizLog} shows as hosts. */
export interface ShivizOptions {
  /**
   * - `tasks` (default): a line for each task.
   * - `cpus`: a line for each CPU, for runs of many short tasks; what one CPU did is then ordered as it was done.
   */
  readonly hosts?: 'tasks' | 'cpus';
}

/**
 * A run as a log for ShiViz: an event for each step, and vector clocks that order two steps where one touches what the other
 * has written, or takes what it gave back. Steps without an arrow between them could be made in either order. In a run without a
 * schedule, one task after the other, each step comes after all before it.
 *
 * @throws RangeError for other hosts.
 * @example
 * const text = shivizLog(result); // paste it into ShiViz with SHIVIZ_PARSER
 */
export function shivizLog(result: RunResult, options: ShivizOptions = {}): string {
  checkResult(result);
  expectOptions(options, {});
  const { hosts = 'tasks' } = options;
  if (hosts !== 'tasks' && hosts !== 'cpus') throw expected('hosts', 'tasks or cpus', hosts);
  const events = eventsOf(result);
  const nameOf = (host: number): string => (hosts === 'cpus' ? `CPU${host}` : taskName(result, host));
  const dependency = new Dependency(result.cells);
  const inSequence = result.schedule.length === 0;
  const hostsOfSteps = hosts === 'cpus' ? events.cpu : events.task;
  const last = new Map<number, Clock>();
  const clocks: Clock[] = [];
  const lines: string[] = [];
  for (let step = 0; step < result.steps; step++) {
    const host = hostsOfSteps[step]!;
    const clock: Clock = new Map(last.get(host));
    for (let i = inSequence ? Math.max(0, step - 1) : 0; i < step; i++) {
      if (hostsOfSteps[i] === host) continue;
      const seen = (clock.get(hostsOfSteps[i]!) ?? 0) >= clocks[i]!.get(hostsOfSteps[i]!)!;
      if (!seen && (inSequence || comesBefore(dependency, events, i, step))) advance(clock, clocks[i]!);
    }
    clock.set(host, (clock.get(host) ?? 0) + 1);
    clocks.push(clock);
    last.set(host, clock);
    const times = [...clock].map(([of, time]) => [nameOf(of), time] as const);
    const who = hosts === 'cpus' ? `${result.names[events.task[step]!] ?? 'task'} ` : '';
    const where = hosts === 'cpus' ? '' : ` (CPU ${events.cpu[step]})`;
    const text = `step ${step}: ${who}${describeStep(result, step)}${where}`;
    lines.push(text.replaceAll('\n', ' '), `${nameOf(host)} ${JSON.stringify(Object.fromEntries(times))}`);
  }
  return lines.join('\n');
}

/** By host: how many of its events are known of. */
type Clock = Map<number, number>;

function advance(clock: Clock, by: Clock): void {
  for (const [host, time] of by) if (time > (clock.get(host) ?? 0)) clock.set(host, time);
}

type Events = Record<'task' | 'access' | 'cpu' | 'effects', Int32Array>;

function eventsOf({ trace, steps, results }: RunResult): Events {
  const column = (of: (step: number) => number): Int32Array =>
    Int32Array.from({ length: steps }, (_, step) => of(step));
  const accessAt = (step: number): Access => trace[2 * step + 1]! as Access;
  const isTaken = (step: number): boolean => {
    const kind = accessAt(step) & 15;
    const busy = results?.[step]?.startsWith('busy') === true;
    return (kind === AccessKind.lock || kind === AccessKind.tryLock) && !busy;
  };
  return {
    task: column((step) => choiceTask(trace[2 * step]!)),
    access: column(accessAt),
    cpu: column((step) => choiceCpu(trace[2 * step]!)),
    effects: column((step) => (isTaken(step) ? Effect.took : 0)),
  };
}

const comesBefore = (dependency: Dependency, events: Events, a: number, b: number): boolean =>
  events.task[a] === events.task[b] || dependency.holds(events, a, events, b);

/** A task's name without spaces, told apart by its number. */
const taskName = ({ names }: RunResult, task: number): string =>
  `${(names[task] ?? 'task').replaceAll(/[^\w.-]+/gu, '_')}#${task}`;

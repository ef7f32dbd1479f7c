import { DataRaceMonitor } from './data-races.js';
import { LockOrderMonitor } from './lock-order.js';
import { AlwaysMonitor, type Monitor, SometimesMonitor } from './monitors.js';
import type { ScenarioRun } from './run-schedule.js';

/**
 * A monitor for each property that a scenario has, and for lock order, which all have.
 * @example
 * runSchedule(scenario, scheduler, { monitors: monitorsFor(scenario.make()) });
 */
export function monitorsFor(run: ScenarioRun): Monitor[] {
  const monitors: Monitor[] = [new LockOrderMonitor()];
  if (run.always !== undefined) monitors.push(new AlwaysMonitor());
  if (run.sometimes !== undefined) monitors.push(new SometimesMonitor());
  if ((run.unsynchronised?.length ?? 0) > 0) monitors.push(new DataRaceMonitor());
  return monitors;
}

import { checkRun } from './check-scenario.js';
import { DataRaceMonitor } from './data-races.js';
import { expected } from './expected.js';
import { FootprintMonitor } from './footprint/footprint-monitor.js';
import { LockOrderMonitor } from './lock-order.js';
import { AlwaysMonitor, type Monitor, SometimesMonitor } from './monitors.js';
import type { ScenarioRun } from './run-schedule.js';

/**
 * A monitor for each property that a scenario has, and for lock order, which all have.
 *
 * @param footprints whether to trap accesses that were not announced, too.
 * @throws RangeError for what is no run, and when footprints are asked for and the scenario has none.
 * @example
 * runSchedule(scenario, scheduler, { monitors: monitorsFor(scenario.make()) });
 */
export function monitorsFor(run: ScenarioRun, footprints = false): Monitor[] {
  checkRun(run);
  if (typeof footprints !== 'boolean') throw expected('footprints', 'true or false', footprints);
  if (footprints && run.footprint === undefined)
    throw new RangeError('footprints: expected a scenario that names its `footprint`, got one without');
  const monitors: Monitor[] = [new LockOrderMonitor()];
  if (run.always !== undefined) monitors.push(new AlwaysMonitor());
  if (run.sometimes !== undefined) monitors.push(new SometimesMonitor());
  if ((run.unsynchronised?.length ?? 0) > 0) monitors.push(new DataRaceMonitor());
  // The first, so that it has closed its eyes when the others look at the state.
  if (footprints) monitors.unshift(new FootprintMonitor());
  return monitors;
}

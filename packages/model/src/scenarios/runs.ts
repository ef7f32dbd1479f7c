import type { ScenarioRun, ScenarioTask } from '@mm/interleave';

import { WorldImage } from './world-image.js';

/** A run as a scenario describes it: its tasks are made anew each time. */
export interface RunParts extends Omit<ScenarioRun, 'tasks'> {
  readonly tasks: () => readonly ScenarioTask[];
}

/** Runs that each start from the state in which `world` is now. */
export function runsOf(world: object, { tasks, ...rest }: RunParts): () => ScenarioRun {
  const image = new WorldImage(world);
  return () => {
    image.restore();
    return { ...rest, tasks: tasks() };
  };
}

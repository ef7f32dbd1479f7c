import type { Scenario } from '@mm/interleave';

import { SLUB_SCENARIOS } from './slub-scenarios.js';

/** A scenario that is not of the model's library. */
export interface OwnScenario {
  readonly scenario: Scenario;
  /** How often a task may be moved to another CPU. Default 0. */
  readonly moves?: number;
}

/** Scenarios of ours that hunts name. */
export const OWN_SCENARIOS: Readonly<Record<string, OwnScenario>> = { ...SLUB_SCENARIOS };

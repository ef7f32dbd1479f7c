import type { Scenario } from '@mm/interleave';

import { BUDDY_SCENARIOS } from './buddy-scenarios.js';
import { SLUB_SCENARIOS } from './slub-scenarios.js';
import { V7S_SCENARIOS } from './v7s-scenarios.js';

/** A scenario that is not of the model's library. */
export interface OwnScenario {
  readonly scenario: Scenario;
  /** How often a task may be moved to another CPU. Default 0. */
  readonly moves?: number;
}

/** Scenarios of ours that hunts name. */
export const OWN_SCENARIOS: Readonly<Record<string, OwnScenario>> = {
  ...SLUB_SCENARIOS,
  ...BUDDY_SCENARIOS,
  ...V7S_SCENARIOS,
};

import type { NamedScenario } from './scenario.js';
import { slubAllocFlush } from './slub-alloc-flush.js';
import { slubBulkAlloc } from './slub-bulk-alloc.js';
import { slubFreeDeactivation } from './slub-free-deactivation.js';
import { slubFreeFlush } from './slub-free-flush.js';
import { slubRemoteFree } from './slub-remote-free.js';

export { type NamedScenario, SMALL, type ScenarioSize, THREE_CPUS, TWO_EACH } from './scenario.js';

/** The library of scenarios, in the order of the floors of the house. */
export const SCENARIOS: readonly NamedScenario[] = [
  slubAllocFlush,
  slubFreeFlush,
  slubFreeDeactivation,
  slubRemoteFree,
  slubBulkAlloc,
];

/**
 * A scenario by its name, or undefined.
 * @example
 * const scenario = scenarioNamed('slub-alloc-flush')!.at({ cpus: 2, operations: 1 });
 */
export const scenarioNamed = (name: string): NamedScenario | undefined =>
  SCENARIOS.find((scenario) => scenario.name === name);

import type { Scenario } from '@mm/interleave';

/** How large a scenario is made: operations of each task, and CPUs that tasks run on. */
export interface ScenarioSize {
  readonly cpus: number;
  /** Operations that each task makes. */
  readonly operations: number;
}

/**
 * A race that matters, by name: a small world in the state before it, tasks that run into it, and what must hold
 * however they meet.
 */
export interface NamedScenario {
  /** In kebab case, the subsystem first. */
  readonly name: string;
  /** What it is for, in a line. */
  readonly purpose: string;
  /** The kernel functions that meet. */
  readonly functions: readonly string[];
  /** What must hold. */
  readonly holds: readonly string[];
  /** Numbers of the mutants of the catalogue that it is meant to kill. */
  readonly kills: readonly number[];
  /** Sizes in which it is explored, the least first: that one completely. */
  readonly sizes: readonly ScenarioSize[];
  /** How often a task may be moved to another CPU between two steps. Default 0. */
  readonly moves?: number;
  /** Builds its world, once; each run then starts from the same state. */
  readonly at: (size: ScenarioSize) => Scenario;
}

/** One operation on each of two CPUs. */
export const SMALL: ScenarioSize = { cpus: 2, operations: 1 };
/** Two operations on each of two CPUs. */
export const TWO_EACH: ScenarioSize = { cpus: 2, operations: 2 };
/** One operation on each of three CPUs. */
export const THREE_CPUS: ScenarioSize = { cpus: 3, operations: 1 };

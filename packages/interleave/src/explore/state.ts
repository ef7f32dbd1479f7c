import { expected } from '../expected.js';
import { TASKS } from './dependency.js';
import type { DporState } from './dpor.js';
import { BY_DEPTH, PROCESSES, type StackState } from './event-stack.js';
import type { ExploreOptions } from './options.js';

/** The number in a saved state that says how to read it. */
export const EXPLORE_STATE_VERSION = 1;

/** Where a search stands, as plain data: what `explore` gives and takes back as `resume`. */
export interface ExploreState {
  readonly format: 'interleave-exploration';
  readonly version: number;
  /** What the search was asked for; to go on it must be asked for the same. */
  readonly asked: {
    readonly strategy: 'dpor' | 'pct' | 'random' | 'given';
    readonly preemptions: number | null;
    readonly moves: number;
    readonly depth: number | null;
    readonly seed: number | null;
    readonly stepsMax: number;
  };
  readonly executions: number;
  readonly blocked: number;
  readonly steps: number;
  readonly deepest: number;
  /** By name: in how many runs it was reached. */
  readonly sometimes: Readonly<Record<string, number>>;
  /** Pairs of locks, the second waited for while the first was held, in any run. */
  readonly lockOrder: ReadonlyArray<readonly [number, number]>;
  /** Of `dpor`. */
  readonly dpor: DporState | null;
  /** Of `pct`: tasks of the run that had most. */
  readonly tasks: number;
}

/** What options ask for, with the defaults filled in. */
export function askedOf(options: ExploreOptions, stepsMax: number): ExploreState['asked'] {
  const strategy = options.strategy ?? 'dpor';
  const name = typeof strategy === 'string' ? strategy : 'given';
  return {
    strategy: name,
    preemptions: options.preemptions ?? null,
    moves: options.moves ?? 0,
    depth: name === 'pct' ? (options.depth ?? 3) : null,
    seed: name === 'pct' || name === 'random' ? (options.seed ?? 1) : null,
    stepsMax,
  };
}

/**
 * Checks a state that came from a file against what is asked for now.
 * @throws RangeError that names the field.
 */
export function checkResume(state: ExploreState, asked: ExploreState['asked']): void {
  if (typeof state !== 'object' || state === null || state.format !== 'interleave-exploration')
    throw expected('resume.format', 'interleave-exploration', (state as ExploreState | null)?.format);
  if (state.version !== EXPLORE_STATE_VERSION)
    throw new RangeError(`resume.version: expected ${EXPLORE_STATE_VERSION}, got ${String(state.version)}`);
  for (const [field, value] of Object.entries(asked)) {
    const its: unknown = (state.asked as Record<string, unknown> | undefined)?.[field];
    if (its !== value)
      throw new RangeError(
        `resume.asked.${field}: expected ${String(value)} as asked for, got ${String(its)}`,
      );
  }
  for (const field of ['executions', 'blocked', 'steps', 'deepest', 'tasks'] as const)
    if (!Number.isSafeInteger(state[field]) || state[field] < 0)
      throw new RangeError(`resume.${field}: expected an integer from 0, got ${String(state[field])}`);
  if (
    typeof state.sometimes !== 'object' ||
    state.sometimes === null ||
    !Object.values(state.sometimes).every((runs) => isInts([runs]))
  )
    throw new RangeError('resume.sometimes: expected numbers of runs by name');
  if (!Array.isArray(state.lockOrder) || !state.lockOrder.every((edge) => isInts(edge) && edge.length === 2))
    throw new RangeError('resume.lockOrder: expected pairs of cells');
  if (asked.strategy === 'dpor') checkDpor(state.dpor);
}

const isInts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((x) => Number.isInteger(x));

function checkDpor(dpor: DporState | null): void {
  if (typeof dpor !== 'object' || dpor === null || typeof dpor.complete !== 'boolean')
    throw new RangeError('resume.dpor: expected a saved search, got none');
  const { counts, stack } = dpor;
  for (const field of ['executions', 'blocked', 'steps', 'repeated', 'deepest'] as const)
    if (!Number.isSafeInteger(counts?.[field]) || counts[field] < 0)
      throw new RangeError(
        `resume.dpor.counts.${field}: expected an integer from 0, got ${String(counts?.[field])}`,
      );
  const depth = stack?.process?.length;
  for (const name of BY_DEPTH) checkColumn(stack, name, depth);
  checkColumn(stack, 'clocks', TASKS * depth);
  checkColumn(stack, 'asleep', stack.asleep?.length - (stack.asleep?.length % 5));
  expectBelow('process', stack.process, PROCESSES);
  expectBelow('task', stack.task, TASKS);
  expectBelow(
    'asleep',
    stack.asleep.filter((_, i) => i % 5 === 0),
    PROCESSES * depth,
  );
}

function checkColumn(stack: StackState, name: keyof StackState, length: number): void {
  const column: unknown = stack?.[name];
  if (!isInts(column)) throw new RangeError(`resume.dpor.stack.${name}: expected integers`);
  if (column.length !== length)
    throw new RangeError(`resume.dpor.stack.${name}: expected ${length} numbers, got ${column.length}`);
}

function expectBelow(name: string, column: readonly number[], bound: number): void {
  const wrong = column.find((value) => value < 0 || value >= bound);
  if (wrong !== undefined)
    throw new RangeError(`resume.dpor.stack.${name}: expected 0..${bound - 1}, got ${wrong}`);
}

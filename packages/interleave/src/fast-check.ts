import { type Arbitrary, type IPropertyWithHooks, array, property } from 'fast-check';

import { expectOptions, expected } from './expected.js';
import { explore } from './explore/explore.js';
import { type ExploreOptions, checkExploreOptions } from './explore/options.js';
import { formatTrace } from './output/format-trace.js';
import {
  type ProgramScenario,
  checkProgram,
  scenarioOfProgram,
  shrinkProgramRun,
} from './program/program-scenario.js';

/** How programs are drawn, and each is explored. */
export interface ProgramPropertyOptions extends ExploreOptions {
  /** Operations of the longest program. Default 6. */
  readonly operationsMax?: number;
}

/**
 * A program has a schedule that fails; the message shows the smallest of both.
 * @example
 * try {
 *   assert(programsHold(stack, constantFrom('push', 'pop')));
 * } catch (error) {
 *   if (error instanceof Error && error.cause instanceof ProgramError) console.error(error.cause.message);
 * }
 */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
}

/** Runs of each program where nothing else bounds them. */
const RUNS_MAX = 200;

/**
 * A property for `fc.assert`: any program of these operations holds under every schedule that is explored. fast-check draws
 * and shrinks the program; the message shows the program and the schedule made small together.
 *
 * @param operations one operation, drawn at random.
 * @throws RangeError that names what is wrong with an argument.
 * @example
 * import { assert, constantFrom } from 'fast-check';
 * assert(programsHold(stack, constantFrom('push', 'pop'), { preemptions: 2 }));
 */
export function programsHold<Op>(
  program: ProgramScenario<Op>,
  operations: Arbitrary<Op>,
  options: ProgramPropertyOptions = {},
): IPropertyWithHooks<[Op[]]> {
  checkProgram(program, []);
  if (typeof (operations as Partial<Arbitrary<Op>> | null)?.generate !== 'function')
    throw expected('operations', 'an Arbitrary of fast-check', operations);
  expectOptions(options, { operationsMax: 'count' });
  const { operationsMax = 6, ...rest } = options;
  checkExploreOptions(rest);
  const asked = { runsMax: RUNS_MAX, ...rest, shrinkRunsMax: 0 };
  return property(array(operations, { maxLength: operationsMax }), (drawn) => {
    const { found } = explore(scenarioOfProgram(program, drawn), asked);
    if (found === undefined) return;
    const small = shrinkProgramRun(program, drawn, found, { runsMax: rest.shrinkRunsMax ?? 500 });
    throw new ProgramError(
      [
        `the program ${JSON.stringify(small.operations)} fails under the schedule [${small.result.schedule.join(', ')}]`,
        formatTrace(small.result),
      ].join('\n\n'),
    );
  });
}

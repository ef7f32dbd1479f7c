import { formatTrace } from '@mm/interleave';
import { newCounts, runInterleaved, runSequence } from '@mm/model';
import type { Command } from 'commander';

import { type Counterexample, readCounterexample, subsystemOf } from './counterexample.js';
import { ExitCode } from './exit-code.js';

/** Runs a counterexample again. Returns the message of the failure, or null, and the trace where there is one. */
export function playAgain(found: Counterexample): {
  readonly failure: string | null;
  readonly trace: string;
} {
  const system = subsystemOf(found.system);
  const counts = newCounts(system);
  if (found.scheduleSeed === null)
    return {
      failure: runSequence(system, found.options, found.program, counts)?.error.message ?? null,
      trace: '',
    };
  const run = runInterleaved(system, found.options, found.program, counts, {
    schedule: found.scheduleSeed,
    record: true,
  });
  return {
    failure: run.failure?.error.message ?? null,
    trace: run.trace === undefined ? '' : formatTrace(run.trace),
  };
}

/** The program, a line for each operation, a column for the CPU. */
export function programText(found: Counterexample): string {
  const system = subsystemOf(found.system);
  return found.program
    .map((op) => `  CPU ${op.cpu}  ${system.commands[op.command]!.describe(op)}`)
    .join('\n');
}

function testText(found: Counterexample): string {
  const name = `${found.system}Subsystem`;
  const play =
    found.scheduleSeed === null
      ? `runSequence(${name}, options, program, newCounts(${name}))`
      : `runInterleaved(${name}, options, program, newCounts(${name}), { schedule: ${found.scheduleSeed} }).failure`;
  return `import { ${name}, newCounts, ${found.scheduleSeed === null ? 'runSequence' : 'runInterleaved'} } from '@mm/model';
import { expect, it } from 'vitest';

it(${JSON.stringify(found.failure)}, () => {
  const options = ${JSON.stringify(found.options)} as const;
  const program = ${JSON.stringify(found.program)};
  expect(${play}).toBeNull();
});`;
}

/** Adds `mm-check replay FILE`. */
export function addReplayCommand(program: Command, exit: (code: ExitCode) => void): void {
  program
    .command('replay')
    .description('run a saved counterexample again, exactly')
    .argument('<file>', 'a counterexample that `mm-check run` wrote')
    .option('--as-test', 'print it as a vitest test instead')
    .action((file: string, options: { asTest?: boolean }) => {
      const found = readCounterexample(file);
      if (options.asTest === true) {
        console.log(testText(found));
        return;
      }
      const { failure, trace } = playAgain(found);
      console.log(programText(found));
      if (trace !== '') console.log(trace);
      if (failure === null) console.log(`holds now; it was: ${found.failure}`);
      else
        console.log(
          failure === found.failure
            ? `fails as recorded: ${failure}`
            : `fails otherwise: ${failure}\nrecorded:        ${found.failure}`,
        );
      exit(failure === null ? ExitCode.holds : ExitCode.counterexample);
    });
}

import { type RunResult, ReplayScheduler, formatTrace, monitorsFor, runSchedule } from '@mm/interleave';

import { ExitCode } from '../exit-code.js';
import { type ReplayOutputs, writeReplay } from '../replay-report.js';
import { parseScenarioFile } from './scenario-file.js';

/** Makes a saved run of a scenario again, and says how it ends now. @throws OptionError for a malformed file. */
export function replayScenario(content: unknown, file: string, outputs: ReplayOutputs): ExitCode {
  const saved = parseScenarioFile(content, file);
  const { run, leftAt } = runAgain(saved);
  console.log(
    `${saved.scenario}, ${saved.size.cpus} CPUs, ${saved.size.operations} operations: ${saved.named.purpose}`,
  );
  console.log(formatTrace(run));
  if (leftAt >= 0) console.log(`left the recorded path at step ${leftAt}: the code has changed`);
  const { outcome } = run;
  const replay = {
    of: saved.scenario,
    recorded: saved.failure,
    left: leftAt < 0 ? null : { step: leftAt },
    nondeterministic: null,
    run,
  };
  writeReplay(file, replay, outputs);
  if (outcome.kind === 'ended') console.log(`holds now; it was: ${saved.failure}`);
  else if (outcome.error.message === saved.failure) console.log(`fails as recorded: ${saved.failure}`);
  else console.log(`fails otherwise: ${outcome.error.message}\nrecorded:        ${saved.failure}`);
  return outcome.kind === 'ended' ? ExitCode.holds : ExitCode.counterexample;
}

/** A saved run, made again with all that is watched. */
export function runAgain({
  named,
  size,
  schedule,
}: Pick<ReturnType<typeof parseScenarioFile>, 'named' | 'size' | 'schedule'>): {
  readonly run: RunResult;
  readonly leftAt: number;
} {
  const scenario = named.at(size);
  const scheduler = new ReplayScheduler(schedule);
  const run = runSchedule(scenario, scheduler, { monitors: monitorsFor(scenario.make()), recordState: true });
  return { run, leftAt: scheduler.leftAt };
}

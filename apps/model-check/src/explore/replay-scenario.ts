import { type RunResult, ReplayScheduler, formatTrace, monitorsFor, runSchedule } from '@mm/interleave';

import { ExitCode } from '../exit-code.js';
import { type ReplayOutputs, writeReplay } from '../replay-report.js';
import { parseScenarioFile } from './scenario-file.js';

/** Makes a saved run of a scenario again, and says how it ends now. @throws OptionError for a malformed file. */
export function replayScenario(content: unknown, file: string, outputs: ReplayOutputs): ExitCode {
  const saved = parseScenarioFile(content, file);
  const { run, leftAt } = runAgain(saved);
  const again = runAgain(saved).run;
  const parted = run.trace.findIndex((value, at) => again.trace[at] !== value);
  const other = parted < 0 && again.steps > run.steps ? run.steps : parted < 0 ? -1 : parted >> 1;
  console.log(
    `${saved.scenario}, ${saved.size.cpus} CPUs, ${saved.size.operations} operations: ${saved.named.purpose}`,
  );
  console.log(formatTrace(run));
  if (leftAt >= 0) console.log(`left the recorded path at step ${leftAt}: the code has changed`);
  if (other >= 0) console.log(`not deterministic: played again, step ${other} is another`);
  const { outcome } = run;
  const replay = {
    of: saved.scenario,
    recorded: saved.failure,
    left: leftAt < 0 ? null : { step: leftAt },
    nondeterministic: other < 0 ? null : { step: other },
    run,
  };
  writeReplay(file, replay, outputs, 'tasks');
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

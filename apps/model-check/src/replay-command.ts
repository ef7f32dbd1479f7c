import { type PathLeft, parseCounterexample, replayCounterexample, subsystemOf } from '@mm/model';
import { OptionError } from '@mm/printk';
import type { Command } from 'commander';

import { scenarioTestText, testText } from './as-test.js';
import { ExitCode } from './exit-code.js';
import { replayScenario } from './explore/replay-scenario.js';
import { isScenarioFile, parseScenarioFile } from './explore/scenario-file.js';
import { STALL_MS, stallOption } from './options.js';
import { endlessCommand } from './play-saved.js';
import { parseJson, readText } from './read-json.js';
import { type ReplayOutputs, checkOutputs, writeReplay } from './replay-report.js';
import { addRunOutputs, askedOutputs } from './run-outputs.js';
import { programText, runText } from './show-counterexample.js';
import { EVERY_COMMAND_ENDS } from './stalled-run.js';

const REPLAY_HELP = `
Program and schedule are played exactly as they were saved. Where the code has changed, the replay goes on as near as it can,
and says at which step it left the recorded path. It is played more than once, to find code that is not deterministic, and first on
a thread of its own: a command of a program that has no end any more is named, which is a failure too.

Examples:
  mm-check replay .mm-check/slub-no-live-object-overlaps-another-17.json
  mm-check replay found.json --html found.html --json found-trace.json
  mm-check replay .mm-check/scenarios/slub-free-flush-2x1-check-failed.json --perfetto run.json --shiviz run.log
  mm-check replay found.json --as-test > packages/model/src/found.test.ts

Exit codes: 0 it holds now, 1 it fails, 2 wrong use or a broken file.`;

interface ReplayFlags extends ReplayOutputs {
  readonly asTest?: boolean;
  readonly stall?: string;
}

/** Adds `mm-check replay FILE`. */
export function addReplayCommand(program: Command, exit: (code: ExitCode) => void): void {
  const command = program
    .command('replay')
    .description('run a saved counterexample again, exactly')
    .argument('<file>', 'a counterexample that `mm-check run` or `mm-check explore` wrote')
    .option('--as-test', 'print it as a vitest test instead')
    .option('--stall <time>', 'a command of a program that takes longer has no end (default: 60s)')
    .option('--json <file>', 'write verdict, step by step trace and where it left the path as JSON');
  addRunOutputs(command, 'the run')
    .addHelpText('after', REPLAY_HELP)
    .action(async (file: string, options: ReplayFlags) => {
      checkOutputs(file, options);
      if (options.asTest === true) {
        const given = (['json', 'stall'] as const).filter((name) => options[name] !== undefined);
        const outputs = [...given.map((name) => `--${name}`), ...askedOutputs(options)];
        if (outputs.length > 0)
          throw new OptionError('--as-test', `no ${outputs.join(', ')} with it: nothing is run`, true);
        console.log(asTest(file));
      } else exit(await replay(file, options));
    });
}

function asTest(file: string): string {
  const content = parseJson(readText(file), file, 'a counterexample');
  return isScenarioFile(content)
    ? scenarioTestText(parseScenarioFile(content, file))
    : testText(parseCounterexample(content, file));
}

async function replay(file: string, { stall, ...outputs }: ReplayFlags): Promise<ExitCode> {
  const limitMs = stall === undefined ? STALL_MS : stallOption(stall);
  const content = parseJson(readText(file), file, 'a counterexample');
  if (isScenarioFile(content)) {
    if (stall !== undefined) throw new OptionError('--stall', 'a program, not the run of a scenario', file);
    return replayScenario(content, file, outputs);
  }
  const found = parseCounterexample(content, file);
  console.log(`${found.invariant}\n${programText(found)}`);
  const endless = await endlessCommand(found, limitMs);
  if (endless !== null) {
    console.log(
      `${EVERY_COMMAND_ENDS}: no end within ${limitMs / 1000} s, in ${endless}; nothing is written`,
    );
    return ExitCode.counterexample;
  }
  const { run, left, nondeterministic } = replayCounterexample(found);
  console.log(runText(subsystemOf(found.system), run));
  if (nondeterministic !== null)
    console.log(`not deterministic: played again, ${parting(nondeterministic, 'the first time')}`);
  if (left !== null) console.log(`left the recorded path: ${parting(left, 'recorded')}`);
  const { failure } = run;
  const of = found.system;
  const replayed = { of, recorded: found.failure, left, nondeterministic, run: run.result };
  // A program has more operations, each a task, than ShiViz has room for.
  writeReplay(file, replayed, outputs, 'cpus');
  if (failure === null) console.log(`holds now; it was: ${found.failure}`);
  else if (failure.error.message === found.failure)
    console.log(`fails as recorded: ${failure.error.message}`);
  else console.log(`fails otherwise: ${failure.error.message}\nrecorded:        ${found.failure}`);
  return failure === null ? ExitCode.holds : ExitCode.counterexample;
}

const parting = ({ step, did, recorded }: PathLeft, other: string): string =>
  `step ${step} is ${did === undefined ? 'not made' : `"${did}"`}, ${other}: ${recorded === undefined ? 'none' : `"${recorded}"`}`;

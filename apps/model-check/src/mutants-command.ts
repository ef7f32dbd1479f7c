import { availableParallelism } from 'node:os';

import type { Mutant, Verdict } from '@mm/mutants';
import { OptionError } from '@mm/printk';
import type { Command } from 'commander';

import { ExitCode } from './exit-code.js';
import { onInterrupt } from './interrupt.js';
import { mutantsTable, verdictText } from './mutants-report.js';
import { integerOption, outputOptions, timeOption } from './options.js';
import { Progress } from './progress.js';
import { writeOutput } from './write-output.js';

interface MutantFlags {
  readonly only?: string;
  readonly time?: string;
  readonly seed?: string;
  readonly workers: string;
  readonly json?: string;
  readonly list?: boolean;
  readonly replay?: boolean;
  readonly save?: boolean;
}

/** Version of the form of `--json`. */
const SCHEMA_VERSION = 1;

type Mutants = typeof import('@mm/mutants');

/** Mutants are edits of the sources, which the published command does not have. */
async function loadMutants(): Promise<Mutants> {
  try {
    return await import('@mm/mutants');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new OptionError('mutants', 'a clone of the repository, whose sources are edited', 'a package');
  }
}

/** Adds `mm-check mutants`. */
export function addMutantsCommand(program: Command, exit: (code: ExitCode) => void): void {
  program
    .command('mutants')
    .description('apply each bug of a catalogue to the sources, and see that the checkers find it')
    .option('--only <ids>', 'these mutants, separated by commas')
    .option('--time <time>', 'time at most, for each mutant (default: 20s)')
    .option('--seed <n>', 'seed of the first execution; the next count on (default: 1)')
    .option('--workers <n>', 'mutants hunted at once', `${Math.min(8, availableParallelism())}`)
    .option('--list', 'only say what there is')
    .option(
      '--replay',
      'play the counterexamples that the repository keeps, on mutants and on the code as it stands',
    )
    .option('--save', 'keep what kills each mutant in the repository')
    .option('--json <file>', 'write the result as JSON')
    .addHelpText('after', HELP)
    .action(async (flags: MutantFlags) => exit(await run(flags)));
}

const HELP = `
A mutant is a bug from history, or a slip in a fast path, as a small edit of one source file. It is applied as the code is
loaded, in processes of their own; nothing on disk changes. Exit code 0: all are killed; 1: one survives, or a saved counterexample no
longer fails on its mutant, or fails on the code as it stands; 2: wrong use, or an edit that no longer applies.

Examples:
  mm-check mutants
  mm-check mutants --only 7,8 --time 1m
  mm-check mutants --replay`;

/** Options that say nothing where nothing is hunted. */
const NOT_WITH = {
  list: ['replay', 'time', 'seed', 'save', 'json'],
  replay: ['time', 'seed', 'save', 'json'],
} as const;

const isOf = (mutant: Mutant, id: string): boolean =>
  mutant.id === id || (/^\d+$/u.test(id) && mutant.id.replace(/[a-z]$/u, '') === id);

/** The mutants that `--only` names: `7` is 7, and 7a and 7b too. */
function chosen(all: readonly Mutant[], only: string | undefined): Mutant[] {
  if (only === undefined) return [...all];
  const wanted = only.split(',').map((id) => id.trim());
  for (const id of wanted)
    if (!all.some((mutant) => isOf(mutant, id)))
      throw new OptionError('--only', `ids of ${all.map((mutant) => mutant.id).join(', ')}`, id);
  return all.filter((mutant) => wanted.some((id) => isOf(mutant, id)));
}

async function run(flags: MutantFlags): Promise<ExitCode> {
  const mutants = await loadMutants();
  const list = chosen(mutants.MUTANTS, flags.only);
  const time = timeOption(flags.time ?? '20s');
  const seed = integerOption(flags.seed ?? '1', '--seed', 0, 2 ** 31 - 1);
  const workers = integerOption(flags.workers, '--workers', 1, 64);
  for (const mode of ['list', 'replay'] as const) {
    const beside = NOT_WITH[mode].find((name) => flags[name] !== undefined);
    if (flags[mode] === true && beside !== undefined)
      throw new OptionError(`--${mode}`, `no --${beside} with it: nothing is hunted`, true);
  }
  outputOptions({ '--json': flags.json });
  if (flags.list === true) {
    for (const { id, history, mechanism, missing } of list)
      console.log(`${id}  ${mechanism} (${history})${missing === undefined ? '' : `; missing: ${missing}`}`);
    return ExitCode.holds;
  }
  if (flags.replay === true) return replayAll(mutants, list, workers);
  const interrupt = onInterrupt();
  const abort = new AbortController();
  const watch = setInterval(() => {
    if (interrupt.requested) abort.abort();
  }, 100);
  const progress = new Progress('mutants', list.length);
  const began = Date.now();
  const onVerdict = (verdict: Verdict): void => {
    progress.print(verdictText(verdict));
    progress.advance(`mutant ${verdict.mutant.id} ${verdict.outcome}`);
    if (flags.save === true && verdict.failure !== null && verdict.finding !== null)
      mutants.saveFinding(verdict.mutant.id, verdict.failure.invariant, verdict.finding);
  };
  const options = { milliseconds: time, seed, workers, signal: abort.signal, onVerdict };
  const verdicts = await mutants.huntMutants(list, options).finally(() => {
    abort.abort();
    progress.end();
    clearInterval(watch);
    interrupt.release();
  });
  if (flags.json !== undefined) writeOutput(flags.json, jsonText(verdicts, { seed, time, workers }));
  console.log(mutantsTable(verdicts));
  const survived = verdicts.filter(({ outcome }) => outcome === 'survived');
  const missing = verdicts.filter(({ outcome }) => outcome === 'missing').length;
  const killed = verdicts.length - survived.length - missing;
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  console.log(
    `${killed} killed, ${survived.length} survived, ${missing} not expressed yet, in ${seconds} s: seed ${seed}, ${workers} workers`,
  );
  if (survived.length > 0) return ExitCode.counterexample;
  return interrupt.requested ? ExitCode.interrupted : ExitCode.holds;
}

function jsonText(verdicts: readonly Verdict[], options: object): string {
  const results = verdicts.map(({ mutant, outcome, executions, milliseconds: spent, failure, finding }) => ({
    id: mutant.id,
    history: mutant.history,
    kind: mutant.kind,
    mechanism: mutant.mechanism,
    outcome,
    missing: mutant.missing ?? null,
    expected: mutant.breaks,
    invariant: failure?.invariant ?? null,
    message: failure?.message ?? null,
    executions,
    milliseconds: spent,
    counterexample: finding,
  }));
  return `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, options, results }, null, 1)}\n`;
}

async function replayAll(mutants: Mutants, list: readonly Mutant[], workers: number): Promise<ExitCode> {
  const progress = new Progress('mutants', list.length);
  let wrong = 0;
  let played = 0;
  await mutants.replayMutants(list, workers, ({ mutant, saved, mutated, unmutated }) => {
    played++;
    progress.advance(`replay ${mutant.id}`);
    if (mutated !== null && unmutated === null) return;
    wrong++;
    progress.print(
      mutated === null
        ? `${mutant.id}: the saved counterexample no longer fails on the mutant; it broke: ${saved.invariant}`
        : `${mutant.id}: the saved counterexample fails on the code as it stands: ${unmutated!.message}`,
    );
  });
  progress.end();
  console.log(`${played} counterexamples played, ${wrong} wrong`);
  return wrong === 0 ? ExitCode.holds : ExitCode.counterexample;
}

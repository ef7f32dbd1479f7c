import { formatTrace, scheduleSwitches } from '@mm/interleave';
import {
  type Counterexample,
  type RecordedRun,
  type Subsystem,
  type WorldOptions,
  exampleOf,
  replayCounterexample,
  subsystemOf,
} from '@mm/model';

/** Lines of a trace that are shown while searching; `replay` shows all. */
const TRACE_LINES_MAX = 200;

/** Options of a world as they are given on the command line; those that have no option there are left out. */
const WORLD_FLAGS: ReadonlyArray<readonly [keyof WorldOptions, string]> = [
  ['cpus', '--cpus'],
  ['preset', '--preset'],
  ['series', '--series'],
  ['behaviour', '--behaviour'],
  ['faults', '--faults'],
  ['failslab', '--failslab'],
  ['tables', '--tables'],
];

/** The first line of a failure: how to see it again, from the file or by the search, at which commit. */
export function reproducingLine(file: string, { system, options, found }: Counterexample): string {
  return `reproduce: mm-check replay ${file}  # or: ${searchLine(system, options, found)}  # commit ${found.commit}`;
}

/** The search that finds it again. */
export function searchLine(
  system: string,
  options: WorldOptions,
  found: Pick<Counterexample['found'], 'seed' | 'commands' | 'mode'>,
): string {
  const world = WORLD_FLAGS.filter(([name]) => options[name] !== undefined).map(
    ([name, flag]) => ` ${flag} ${options[name]}`,
  );
  if (options.corrupt !== undefined) world.push(options.corrupt ? ' --corrupt' : ' --no-corrupt');
  return `mm-check run --system ${system} --seed ${found.seed} --runs 1 --commands ${found.commands} --mode ${found.mode}${world.join('')}`;
}

/** What broke, the program, and how it got there from what was found. */
export function counterexampleText(counterexample: Counterexample): string {
  const { found, program, schedule, failure } = counterexample;
  const switches = schedule === null ? 'in sequence' : `${scheduleSwitches(schedule)} switches`;
  return [
    failure,
    `seed ${found.seed}: ${found.commands} commands shrunk to ${program.length}, ${switches}, by ${found.shrinkRuns} runs`,
    ...worldText(counterexample),
    programText(counterexample),
  ].join('\n');
}

/** What the seed chose of the world, where there is a choice. */
function worldText({ system, options }: Counterexample): string[] {
  const { describeWorld } = subsystemOf(system);
  const words = describeWorld?.(options) ?? '';
  return words === '' ? [] : [words];
}

/** The program, a line for each operation, with its CPU. */
export function programText(counterexample: Counterexample): string {
  const system = subsystemOf(counterexample.system);
  const { program } = exampleOf(system, counterexample);
  return program
    .map(
      (op, i) =>
        `  #${i} CPU ${op.cpu}  ${system.commands[op.command]!.describe(op, counterexample.options)}`,
    )
    .join('\n');
}

/** The run: a column for each CPU, answers, switches marked, what each step changed; then each invariant's status. */
export function runText(system: Subsystem<unknown>, run: RecordedRun, linesMax = Infinity): string {
  const lines = formatTrace(run.result).split('\n');
  const [head = '', ...rows] = lines;
  const cut = Math.max(0, rows.length - linesMax);
  const skipped = cut === 0 ? [] : [`  (${cut} steps before are shown by mm-check replay)`];
  return [head, ...skipped, ...rows.slice(cut), invariantsText(system, run)].join('\n');
}

/** {@link runText}, cut to what fits between other output. */
export const shortRunText = (system: Subsystem<unknown>, run: RecordedRun): string =>
  runText(system, run, TRACE_LINES_MAX);

/** Each invariant and whether it held; all are looked at after every command of a run that is shown. */
function invariantsText({ invariants }: Subsystem<unknown>, { failure, steps }: RecordedRun): string {
  const names = [...new Set([...invariants.command, ...invariants.local, ...invariants.whole])];
  const broken = failure?.invariant;
  const isBroken = (name: string): boolean => broken !== undefined && broken.startsWith(name);
  const lines = names.map((name) => (isBroken(name) ? `  BROKEN  ${broken}` : `  held    ${name}`));
  if (broken !== undefined && !names.some(isBroken)) lines.unshift(`  BROKEN  ${broken}`);
  const when = broken === undefined ? 'to the end' : `up to step ${steps.length - 1}, where one broke`;
  return [`invariants, ${when}:`, ...lines].join('\n');
}

/** Prints a counterexample: how to see it again, what broke, and its run, which is played once more. */
export function showCounterexample(file: string, counterexample: Counterexample): void {
  const { run: played } = replayCounterexample(counterexample);
  console.log(
    [
      reproducingLine(file, counterexample),
      counterexampleText(counterexample),
      shortRunText(subsystemOf(counterexample.system), played),
      '',
    ].join('\n'),
  );
}

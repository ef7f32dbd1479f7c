import { OptionError } from '@mm/printk';

import { bundleMutant, checkEdits } from './bundle.js';
import { type SavedFinding, savedFinding } from './counterexamples.js';
import type { Failure, Finding } from './hunt/hunt.js';
import type { Mutant } from './mutant.js';
import { runHunter } from './run-hunter.js';

/** What became of one mutant. */
export interface Verdict {
  readonly mutant: Mutant;
  /** `missing`: it cannot be expressed yet. */
  readonly outcome: 'killed' | 'survived' | 'missing';
  readonly executions: number;
  /** Of the hunt, shrinking included; without building the mutant. */
  readonly milliseconds: number;
  readonly finding: Finding | null;
  readonly failure: Failure | null;
}

/** How mutants are hunted. */
export interface HuntOptions {
  /** Milliseconds at most for each mutant. */
  readonly milliseconds: number;
  /** Seed of the first execution. */
  readonly seed: number;
  /** Processes at once. */
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Called as each mutant's hunt ends, in any order. */
  readonly onVerdict?: (verdict: Verdict) => void;
}

/** A replay that is silent for so long does not end. */
const REPLAY_MS = 30_000;

const NOTHING = { executions: 0, milliseconds: 0, finding: null, failure: null };

/** @throws OptionError for edits after which the source is no program. */
async function build({ id, edits }: Mutant): Promise<string> {
  try {
    return await bundleMutant(edits);
  } catch (error) {
    throw new OptionError(`mutant ${id}`, 'edits that leave a program', (error as Error).message);
  }
}

async function huntOne(mutant: Mutant, options: HuntOptions): Promise<Verdict | null> {
  if (mutant.missing !== undefined) return { mutant, outcome: 'missing', ...NOTHING };
  const code = await build(mutant);
  const { seed, milliseconds, signal } = options;
  const order = { task: 'hunt', hunts: mutant.hunts, seed, milliseconds } as const;
  const done = await runHunter(code, order, signal);
  if (done === null) return null;
  const { executions, finding, failure } = done;
  const outcome = failure === null ? 'survived' : 'killed';
  return { mutant, outcome, executions, milliseconds: done.milliseconds, finding, failure };
}

/**
 * Hunts each mutant in a process of its own, in which the packages are loaded with its edits applied.
 *
 * @returns a verdict for each mutant whose hunt ended, in their order; fewer when `signal` came.
 * @throws OptionError when an edit no longer applies: the code has changed, and the mutant must follow.
 * @example
 * const verdicts = await huntMutants(MUTANTS, { milliseconds: 20_000, seed: 1, workers: 2, signal });
 */
export async function huntMutants(mutants: readonly Mutant[], options: HuntOptions): Promise<Verdict[]> {
  for (const { edits } of mutants) checkEdits(edits);
  const verdicts: Array<Verdict | null> = mutants.map(() => null);
  let at = 0;
  const work = async (): Promise<void> => {
    while (at < mutants.length && !options.signal.aborted) {
      const mine = at++;
      const verdict = await huntOne(mutants[mine]!, options);
      verdicts[mine] = verdict;
      if (verdict !== null) options.onVerdict?.(verdict);
    }
  };
  await Promise.all(Array.from({ length: options.workers }, work));
  return verdicts.filter((verdict) => verdict !== null);
}

/**
 * Plays a saved finding on a mutant. Returns how it fails, or null.
 * @example
 * await replayFinding(mutant, finding); // the failure; null would mean that the code has changed too much
 */
export async function replayFinding(mutant: Mutant, finding: Finding): Promise<Failure | null> {
  return play(await build(mutant), finding, true);
}

async function play(code: string, finding: Finding, others: boolean): Promise<Failure | null> {
  const done = await runHunter(
    code,
    { task: 'replay', finding, others },
    new AbortController().signal,
    REPLAY_MS,
  );
  return done === null ? null : done.failure;
}

/** What became of a saved counterexample. */
export interface Replayed {
  readonly mutant: Mutant;
  readonly saved: SavedFinding;
  /** On the mutant: it should fail. */
  readonly mutated: Failure | null;
  /** On the code as it stands: it should hold. Always null for a configuration, whose bug is there. */
  readonly unmutated: Failure | null;
}

/**
 * Plays the saved counterexamples of mutants, each on its mutant and on the code as it stands.
 * @example
 * await replayMutants(MUTANTS, 2, ({ mutant, mutated }) => console.log(mutant.id, mutated?.invariant));
 */
export async function replayMutants(
  mutants: readonly Mutant[],
  workers: number,
  onReplayed: (replayed: Replayed) => void,
): Promise<void> {
  const standing = await bundleMutant([]);
  const left = [...mutants];
  const work = async (): Promise<void> => {
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      const saved = savedFinding(mutant.id);
      if (saved === null) continue;
      const mutated = await replayFinding(mutant, saved.finding);
      const unmutated = mutant.edits.length === 0 ? null : await play(standing, saved.finding, false);
      onReplayed({ mutant, saved, mutated, unmutated });
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

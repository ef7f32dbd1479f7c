import { type Counterexample, type WorldOptions, subsystemOf, worldOf } from '@mm/model';

import { runCampaign } from './campaign/run-campaign.js';
import { WHOLE } from './campaign/shard.js';
import type { Interrupt } from './interrupt.js';
import type { SavedFailure } from './report.js';
import type { RunOptions } from './run-job.js';
import { savedJob } from './saved-job.js';
import { programText, showCounterexample } from './show-counterexample.js';
import { FIRST_RUN_MS } from './stalled-run.js';

/**
 * Plays what earlier runs found under these options, and shows what still fails: the first, or where a run goes on after a failure
 * each.
 */
export async function stillFailing(
  saved: ReadonlyArray<readonly [file: string, Counterexample]>,
  { systems, world, all }: RunOptions,
  limitMs: number,
  interrupt: Interrupt,
): Promise<readonly SavedFailure[]> {
  const ours = saved.filter(([, { system, options, found }]) => {
    // What failed under other options may well fail there for ever.
    if (!systems.includes(system)) return false;
    // With what the seed chose of the world: that was not asked for.
    return sameOptions(options, worldOf(subsystemOf(system), world, found.seed));
  });
  if (ours.length === 0) return [];
  const options = { saved: ours.map(([, counterexample]) => counterexample), all };
  const watched = { workers: 1, shard: WHOLE, limitMs: Math.max(limitMs, FIRST_RUN_MS) };
  const [lane] = await runCampaign(savedJob, options, { ...watched, stop: () => interrupt.requested });
  return lane!.result.map(({ unit, endlessPart }) => {
    const [file, counterexample] = ours[unit]!;
    if (endlessPart === null) {
      showCounterexample(file, counterexample);
      console.log(`a saved counterexample still fails: ${file}`);
      return { file, message: counterexample.failure };
    }
    const message = `no end within ${watched.limitMs / 1000} s any more`;
    console.log(`reproduce: mm-check replay ${file}\na saved counterexample has ${message}: ${file}`);
    return { file, message };
  });
}

/**
 * Plays a counterexample on a thread of its own, which may go into a loop.
 * @returns the command that has no end within the time, in words; null: each has.
 */
export async function endlessCommand(
  counterexample: Counterexample,
  limitMs: number,
): Promise<string | null> {
  const options = { saved: [counterexample], turns: true };
  const [lane] = await runCampaign(savedJob, options, { workers: 1, shard: WHOLE, limitMs });
  const part = lane!.result[0]?.endlessPart ?? null;
  if (part === null) return null;
  return part === 0 ? 'the start' : programText(counterexample).split('\n')[part - 1]!.trim();
}

const sorted = (options: WorldOptions): string =>
  JSON.stringify(Object.entries(options).sort(([x], [y]) => (x < y ? -1 : 1)));
const sameOptions = (x: WorldOptions, y: WorldOptions): boolean => sorted(x) === sorted(y);

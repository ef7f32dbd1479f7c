import type { Command } from 'commander';

import { conform, loadRecordings } from './conform.js';
import { ExitCode } from './exit-code.js';
import { formatMismatch } from './print-mismatch.js';
import { onInterrupt } from './interrupt.js';
import { Progress } from './progress.js';

/** Adds `mm-check conform FILE...`. */
export function addConformCommand(program: Command): void {
  program
    .command('conform')
    .description('play recordings of a real kernel and compare every answer')
    .argument('<file...>', 'recordings, JSON of format mm-golden/1')
    .addHelpText('after', CONFORM_HELP)
    .action(async (files: string[]) => {
      process.exitCode = await conformFiles(files);
    });
}

const CONFORM_HELP = `
Every file is read and checked before the first is played. The first difference of each failing case is shown
with what Linux did above what happened here. Cases that cannot be played yet are counted apart.

Examples:
  mm-check conform golden/mm/zones.json
  mm-check conform golden/mm/buddy-trace.json golden/mm/gfp.json

Exit codes: 0 all match, 1 a mismatch, 2 wrong use or a broken file, 130 interrupted.`;

/** Plays files and prints as it goes; the last line is `N cases, N mismatches`. Returns the exit code. */
export async function conformFiles(files: readonly string[]): Promise<number> {
  const loaded = loadRecordings(files);
  const interrupt = onInterrupt();
  const progress = new Progress(
    'cases',
    loaded.reduce((sum, at) => sum + at.recording.cases.length, 0),
  );
  const total = { cases: 0, mismatches: 0, notPlayed: new Map<string, number>() };
  for (const at of loaded) {
    const result = conform(
      [at],
      (_, index, played) => {
        progress.advance(`conform ${at.file}`);
        if (played.verdict === 'differs') progress.print(formatMismatch(at.file, index, played.mismatch));
      },
      () => interrupt.requested,
    );
    total.cases += result.cases;
    total.mismatches += result.mismatches;
    for (const [why, count] of result.notPlayed)
      total.notPlayed.set(why, (total.notPlayed.get(why) ?? 0) + count);
    // Lets a Ctrl-C arrive between two files.
    await new Promise((resolve) => setImmediate(resolve));
    if (interrupt.requested) break;
  }
  progress.end();
  interrupt.release();
  for (const [why, count] of total.notPlayed) console.log(`not played: ${count} cases (${why})`);
  if (interrupt.requested) console.log('interrupted');
  console.log(`${total.cases} cases, ${total.mismatches} mismatches`);
  if (interrupt.requested) return ExitCode.interrupted;
  return total.mismatches === 0 ? ExitCode.holds : ExitCode.counterexample;
}

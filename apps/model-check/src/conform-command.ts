import type { Command } from 'commander';

import { type LoadedRecording, conform, loadRecordings } from './conform.js';
import { ExitCode } from './exit-code.js';
import { type Interrupt, onInterrupt } from './interrupt.js';
import { formatMismatch } from './print-mismatch.js';
import { Progress } from './progress.js';

/** Adds `mm-check conform FILE...`. */
export function addConformCommand(program: Command, exit: (code: ExitCode) => void): void {
  program
    .command('conform')
    .description('play recordings of a real kernel and compare every answer')
    .argument('<file...>', 'recordings, JSON of format mm-golden/1')
    .addHelpText('after', CONFORM_HELP)
    .action(async (files: string[]) => exit(await conformFiles(files)));
}

const CONFORM_HELP = `
Every file is read and checked before the first is played. The first difference of each failing case is shown,
what Linux did beside what happened here. Cases that cannot be played yet are counted apart.

Examples:
  mm-check conform golden/mm/zones.json
  mm-check conform golden/mm/*.json golden/v7s/*.json

Exit codes: 0 all match, 1 a mismatch, 2 wrong use or a broken file, 130 interrupted.`;

/** Plays files and prints as it goes; the last line is `N cases, N mismatches`. */
export async function conformFiles(files: readonly string[]): Promise<ExitCode> {
  const interrupt = onInterrupt();
  try {
    const loaded = await loadRecordings(files, () => interrupt.requested);
    return await playAll(loaded, interrupt);
  } finally {
    interrupt.release();
  }
}

async function playAll(loaded: readonly LoadedRecording[], interrupt: Interrupt): Promise<ExitCode> {
  const progress = new Progress(
    'cases',
    loaded.reduce((sum, at) => sum + at.recording.cases.length, 0),
  );
  try {
    const { cases, mismatches, notPlayed } = await conform(
      loaded,
      (at, index, played) => {
        progress.advance(`conform ${at.file}`);
        if (played.verdict === 'differs') progress.print(formatMismatch(at.file, index, played.mismatch));
      },
      () => interrupt.requested,
    );
    progress.end();
    for (const [why, count] of notPlayed) console.log(`not played: ${count} cases (${why})`);
    if (interrupt.requested) console.log('interrupted');
    console.log(`${cases} cases, ${mismatches} mismatches`);
    if (interrupt.requested) return ExitCode.interrupted;
    return mismatches === 0 ? ExitCode.holds : ExitCode.counterexample;
  } finally {
    progress.end();
  }
}

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Command } from 'commander';

import { ExitCode } from './exit-code.js';

/** The recordings of the project that can be played today. */
const RECORDINGS = [
  'gfp',
  'zones',
  'zones-arch',
  'buddy-trace',
  'buddy-trace-large',
  'genalloc',
  'page-frag',
].map((name) => `mm/${name}.json`);
const V7S = [
  'alloc-limit',
  'config',
  'edge',
  'long',
  'misc',
  'mtk-ttbr',
  'mtk',
  'overlap',
  'prot',
  'quirks',
  'random',
  'range',
  'selftest',
  'small-ias',
  'split',
];

/** Adds `mm-check all`, the main job: every subsystem, then every recording that the project has with it. */
export function addAllCommand(
  program: Command,
  exit: (code: ExitCode) => void,
  runCli: (args: readonly string[]) => Promise<ExitCode>,
): void {
  program
    .command('all')
    .description('the main job: every subsystem under the model checker, then the recordings of real kernels')
    .action(async () => {
      const golden = fileURLToPath(new URL('../../../golden/', import.meta.url));
      const files = [...RECORDINGS, ...V7S.map((name) => `v7s/${name}.json`)]
        .map((file) => `${golden}${file}`)
        .filter((file) => existsSync(file));
      const searched = await runCli(['run', '--time', '10s']);
      if (searched === ExitCode.interrupted || files.length === 0) return exit(searched);
      const conformed = await runCli(['conform', ...files]);
      const verdict = Math.max(searched, conformed) as ExitCode;
      console.log(verdict === ExitCode.holds ? 'verdict: everything holds' : 'verdict: see above');
      return exit(verdict);
    });
}

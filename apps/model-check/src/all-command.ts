import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Command } from 'commander';

import { ExitCode } from './exit-code.js';

/** Every recording that the project has, by folder. */
const FOLDERS = ['mm', 'ours', 'v7s'];

function recordings(): string[] {
  const golden = fileURLToPath(new URL('../../../golden/', import.meta.url));
  return FOLDERS.filter((folder) => existsSync(`${golden}${folder}`)).flatMap((folder) =>
    readdirSync(`${golden}${folder}`)
      .filter((file) => file.endsWith('.json'))
      .sort()
      .map((file) => `${golden}${folder}/${file}`),
  );
}

/** Adds `mm-check all`, the main job: every subsystem, every scenario, then every recording that the project has with it. */
export function addAllCommand(
  program: Command,
  exit: (code: ExitCode) => void,
  runCli: (args: readonly string[]) => Promise<ExitCode>,
): void {
  program
    .command('all')
    .description(
      'the main job: every subsystem under the model checker, every interleaving of the scenarios, then the recordings of real kernels',
    )
    .action(async () => {
      const files = recordings();
      const searched = await runCli(['run', '--time', '5s']);
      if (searched === ExitCode.interrupted || files.length === 0) return exit(searched);
      const explored = await runCli(['explore', '--scenario', 'all', '--size', '2x1', '--time', '5s']);
      if (explored === ExitCode.interrupted) return exit(explored);
      const conformed = await runCli(['conform', ...files]);
      const verdict = Math.max(searched, explored, conformed) as ExitCode;
      console.log(verdict === ExitCode.holds ? 'verdict: everything holds' : 'verdict: see above');
      return exit(verdict);
    });
}

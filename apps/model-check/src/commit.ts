import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

let known: string | undefined;

/** The state of the code that runs, for reports: what `git describe` says, or the version where there is no git. */
export function commitOfCode(): string {
  known ??= describe();
  return known;
}

function describe(): string {
  const here = fileURLToPath(new URL('..', import.meta.url));
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: here, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    // The checkout must be that of this code, not one that it is installed below.
    if (git('ls-files', 'package.json') === '') throw new Error('not ours');
    return git('describe', '--always', '--dirty', '--abbrev=12', '--exclude=*');
  } catch {
    const manifest = JSON.parse(readFileSync(`${here}package.json`, 'utf8')) as { version: string };
    return `version ${manifest.version}`;
  }
}

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('..', import.meta.url));

let known: string | undefined;

/** The state of the code that runs, for reports: what `git describe` says, or the version where there is no git. */
export function commitOfCode(): string {
  known ??= describe();
  return known;
}

/** The package's version, and where there is git the state of the code: `0.0.0, commit 1e8a19f`. */
export function versionOfCode(): string {
  const { version } = JSON.parse(readFileSync(`${HERE}package.json`, 'utf8')) as { version: string };
  const commit = commitOfCode();
  return commit === `version ${version}` ? version : `${version}, commit ${commit}`;
}

function describe(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: HERE, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    // The checkout must be that of this code, not one that it is installed below.
    if (git('ls-files', 'package.json') === '') throw new Error('not ours');
    return git('describe', '--always', '--dirty', '--abbrev=12', '--exclude=*');
  } catch {
    const manifest = JSON.parse(readFileSync(`${HERE}package.json`, 'utf8')) as { version: string };
    return `version ${manifest.version}`;
  }
}

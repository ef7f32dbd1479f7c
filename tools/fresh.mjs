// Runs the project's jobs on a machine that has Node and npm and nothing else: `npm start`, `npm test`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const bin = join(root, 'node_modules', '.bin');
const windows = process.platform === 'win32';
const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
};

/** Runs a command with its output shown; with `quiet`, only when it fails. Returns the exit code. */
function run(command, args, { quiet = false } = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env,
    shell: windows,
    stdio: quiet ? 'pipe' : 'inherit',
  });
  if (result.error !== undefined) {
    console.error(`${command}: ${result.error.message}`);
    return 2;
  }
  if (quiet && result.status !== 0) process.stderr.write(`${result.stdout}${result.stderr}`);
  return result.status ?? 130;
}

/** A named step; the first that fails ends the job with its exit code. */
function step(name, command, args, options) {
  const began = Date.now();
  const code = run(command, args, options);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  return code;
}

function prepare() {
  const pnpm = manifest.packageManager;
  const install = ['install', '--frozen-lockfile'];
  const code = existsSync(join(bin, 'pnpm'))
    ? step('install', 'pnpm', install, { quiet: true })
    : step('install', 'npx', ['-y', pnpm, ...install], { quiet: true });
  if (code !== 0) return code;
  const built = step('build', 'turbo', ['run', 'build', '--output-logs=errors-only'], { quiet: true });
  // Benchmarks have stepped code too, and no build of their own.
  return (
    built ||
    step('erase', process.execPath, ['tools/eraser/bin/mm-erase.mjs', '--workspace'], { quiet: true })
  );
}

function start(args) {
  const code = prepare();
  if (code !== 0) return code;
  return run(process.execPath, [
    join(root, 'apps/model-check/bin/mm-check.mjs'),
    ...(args.length === 0 ? ['all'] : args),
  ]);
}

/** Every check, even after one has failed, so that one run shows all there is to mend. */
function test() {
  const code = prepare();
  if (code !== 0) {
    console.log('0 passed, 1 failed');
    return code;
  }
  const checks = [
    ['types', 'tsc', ['-p', 'tsconfig.json']],
    ['lint', 'oxlint', ['--deny-warnings']],
    ['format', 'oxfmt', ['--check', '.']],
    ['unused code and dependencies', 'knip', []],
    ['packages as published', process.execPath, ['tools/release-check/src/check-packages.mjs']],
  ];
  const failed = checks.filter(([name, command, args]) => step(name, command, args, { quiet: true }) !== 0);
  const report = join(mkdtempSync(join(tmpdir(), 'mm-test-')), 'vitest.json');
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
  const tests = step('tests', 'vitest', ['run', ...reporters]);
  const counts = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8'))
    : { numPassedTests: 0, numFailedTests: 1 };
  // A suite that does not load has no failed test of its own, and yet has failed.
  const broken = tests !== 0 && counts.numFailedTests === 0 ? 1 : 0;
  const passed = counts.numPassedTests + checks.length - failed.length;
  console.log(`${passed} passed, ${counts.numFailedTests + broken + failed.length} failed`);
  return tests || (failed.length === 0 ? 0 : 1);
}

const [job, ...args] = process.argv.slice(2);
process.exitCode = job === 'start' ? start(args) : test();

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { SAVED_RUN } from '../test/saved-run.js';
import { runCli } from './run-cli.js';

const home = process.cwd();
let printed: string[] = [];
beforeEach(() => {
  process.chdir(mkdtempSync(join(tmpdir(), 'explore-')));
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void printed.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  const made = process.cwd();
  process.chdir(home);
  rmSync(made, { recursive: true });
});

it('without a scenario it lists them with what each is for', async () => {
  expect(await runCli(['explore'])).toBe(0);
  expect(printed.join('\n')).toContain('slub-free-flush');
});

it('counts the executions of a scenario and says that they are all', async () => {
  const args = [
    'explore',
    '--scenario',
    'slub-free-flush',
    '--size',
    '2x1',
    '--workers',
    '1',
    '--json',
    'r.json',
  ];
  expect(await runCli(args)).toBe(0);
  const { lanes, verdict } = JSON.parse(readFileSync('r.json', 'utf8'));
  expect(verdict).toBe('holds');
  const [report] = lanes[0].result.reports;
  expect(report).toMatchObject({
    scenario: 'slub-free-flush',
    outcome: 'holds',
    complete: true,
    missing: [],
  });
  expect(report.executions).toBeGreaterThan(10);
});

it('says where it was stopped', async () => {
  const args = ['explore', '--scenario', 'slub-migrate', '--size', '2x2', '--runs', '50', '--workers', '1'];
  expect(await runCli(args)).toBe(0);
  expect(printed.join('\n')).toContain('stopped after 50 runs');
});

it.each([
  ['--scenario', 'nobody'],
  ['--scenario', 'all', '--size', '9x9'],
  ['--scenario', 'all', '--strategy', 'luck'],
  ['--scenario', 'all', '--strategy', 'pct', '--preemptions', '2'],
  ['--scenario', 'all', '--html', 'no/such/folder.html'],
])('refuses %s %s %s %s', async (...flags) => {
  expect(await runCli(['explore', ...flags])).toBe(2);
});

it('a saved run is replayed, and one that is malformed is refused by its field', async () => {
  writeFileSync('run.json', JSON.stringify(SAVED_RUN));
  expect(await runCli(['replay', 'run.json'])).toBe(0);
  expect(printed.join('\n')).toContain('holds now; it was: something that was wrong once');
  writeFileSync('run.json', JSON.stringify({ ...SAVED_RUN, size: { cpus: 7, operations: 1 } }));
  expect(await runCli(['replay', 'run.json'])).toBe(2);
  expect(printed.at(-1)).toContain('run.json: size');
});

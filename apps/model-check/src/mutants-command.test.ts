import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { isBuilt } from './built-cli.js';
import { runCli } from './run-cli.js';

const out: string[] = [];

beforeEach(() => {
  out.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line: string) => void out.push(String(line)));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void out.push(String(line)));
});
afterEach(() => void vi.restoreAllMocks());

test('--list names each mutant of the catalogue, with what is missing where it cannot be expressed', async () => {
  expect(await runCli(['mutants', '--list'])).toBe(0);
  expect(out.length).toBeGreaterThan(20);
  expect(out.some((line) => line.startsWith('1  ') || line.startsWith('1a  '))).toBe(true);
});

test('--only keeps to some', async () => {
  expect(await runCli(['mutants', '--list', '--only', '7'])).toBe(0);
  for (const line of out) expect(line).toMatch(/^7[a-z]? {2}/u);
});

test.skipIf(!isBuilt)(
  '--only --time --json: a mutant is killed, and the report says by what',
  async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'mutants-')), 'report.json');
    const args = ['mutants', '--only', '7', '--time', '20s', '--workers', '1', '--json', file];
    expect(await runCli(args)).toBe(0);
    const { schemaVersion, results } = JSON.parse(readFileSync(file, 'utf8'));
    expect(schemaVersion).toBe(1);
    expect(results.length).toBeGreaterThan(0);
    for (const result of results) {
      expect(result.outcome).toBe('killed');
      expect(result.invariant).toEqual(expect.any(String));
      expect(result.executions).toBeGreaterThan(0);
    }
  },
  90_000,
);

test.skipIf(!isBuilt)(
  '--replay plays what is kept: it fails on the mutant and holds on the code as it stands',
  async () => {
    expect(await runCli(['mutants', '--replay', '--only', '7', '--workers', '1'])).toBe(0);
    expect(out.join('\n')).toMatch(/[1-9]\d* counterexamples? played, 0 wrong/u);
  },
  90_000,
);

test.each([
  ['--only', 'nobody'],
  ['--time', 'soon'],
  ['--seed', '-1'],
  ['--workers', '0'],
])('%s %s is refused by name', async (flag, value) => {
  expect(await runCli(['mutants', '--list', flag, value])).toBe(2);
  expect(out.join('\n')).toContain(flag);
});

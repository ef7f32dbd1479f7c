import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const load = (name: string) => import(new URL(name, import.meta.url).href);
const { GROUPS, sourceOf } = await load('./modules.mjs');
const { scoreOf, survivors, tally } = await load('./tally.mjs');

test('every module that is mutated is there', () => {
  const sources = GROUPS.flatMap((group: { modules: string[] }) =>
    group.modules.map((module) => sourceOf(group, module)),
  );
  expect(sources.filter((source: string) => !existsSync(ROOT + source))).toEqual([]);
});

const mutant = (status: string, testsCompleted = 3) => ({
  id: '7',
  status,
  testsCompleted,
  fileName: 'a.ts',
  mutatorName: 'BooleanLiteral',
  replacement: 'false',
  location: { start: { line: 9, column: 0 }, end: { line: 9, column: 4 } },
});
const same = (file: string) => file;

test('a time-out counts as killed, a mutant that no test reaches as survived, an ignored one not at all', () => {
  const results = ['Killed', 'Timeout', 'Killed', 'Survived', 'NoCoverage', 'Ignored'].map((s) => mutant(s));
  const [row] = tally(results, same);
  expect(row).toEqual({ module: 'a.ts', killed: 3, alive: 2 });
  expect(scoreOf(row)).toBe('60.0');
  expect(survivors(results, same)).toEqual(Array(2).fill('a.ts:9 BooleanLiteral: false'));
});

test('a survivor that no test ran on is an error: it was not judged', () => {
  expect(() => tally([mutant('Survived', 0)], same)).toThrow(
    'a.ts: expected tests to run on mutant 7, got none',
  );
  expect(() => tally([mutant('RuntimeError')], same)).toThrow('got RuntimeError');
});

test.each([
  [['--only', 'kmem,nothing'], 'got "nothing"'],
  [['--workers', '0'], 'expected a whole number from 1 to 64, got "0"'],
  [['--write', '--only', 'kmem'], '--write: expected no --only beside it'],
  [['--frobnicate'], 'unknown option'],
])('wrong use is refused before anything runs: %s', (args, message) => {
  const cli = fileURLToPath(new URL('./cli.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});

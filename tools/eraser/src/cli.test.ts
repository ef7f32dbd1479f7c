/* oxlint-disable unicorn/consistent-function-scoping -- a body beside its test reads better */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eraseFolder } from './erase-folder.js';
import { erasePlugin } from './vite-plugin.js';

const good = 'export function* f(): Steps<number> { yield read(1); return 2; }\n';
let dir = '';
let cli = '';
const run = (...args: string[]): { status: number | null; stderr: string; stdout: string } =>
  spawnSync(process.execPath, [cli, ...args], { cwd: dir, encoding: 'utf8' });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'erase-'));
  const out = fileURLToPath(new URL('../node_modules/.cli-test', import.meta.url));
  await build({
    configFile: false,
    logLevel: 'error',
    build: { ssr: fileURLToPath(new URL('cli.ts', import.meta.url)), outDir: out, emptyOutDir: true },
  });
  cli = join(out, existsSync(join(out, 'cli.js')) ? 'cli.js' : 'cli.mjs');
  mkdirSync(join(dir, 'src', 'stepped', 'deep'), { recursive: true });
  writeFileSync(join(dir, 'src', 'stepped', 'deep', 'a.ts'), good);
  writeFileSync(join(dir, 'src', 'stepped', 'a.test.ts'), 'not erased');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('mm-erase', () => {
  it('erases a folder, tests left out', () => {
    expect(run('src/stepped', 'src/erased')).toMatchObject({ status: 0, stderr: '', stdout: '' });
    expect(readFileSync(join(dir, 'src/erased/deep/a.ts'), 'utf8')).toContain('export function f(): number');
    expect(existsSync(join(dir, 'src/erased/a.test.ts'))).toBe(false);
  });
  it('leaves the old output alone when one module is refused, and names the place', () => {
    eraseFolder(join(dir, 'src/stepped'), join(dir, 'src/erased'));
    writeFileSync(join(dir, 'src/stepped/bad.ts'), '\nfunction* g() {}\n');
    const { status, stderr } = run('src/stepped', 'src/erased');
    rmSync(join(dir, 'src/stepped/bad.ts'));
    expect(status).toBe(2);
    expect(stderr).toContain('bad.ts:2:1: a generator must declare');
    expect(existsSync(join(dir, 'src/erased/deep/a.ts'))).toBe(true);
  });
  it.each([
    [[], 'usage: mm-erase'],
    [['a'], 'usage: mm-erase'],
    [['--wrong', 'b'], 'usage: mm-erase'],
    [['a', 'b', 'c'], 'usage: mm-erase'],
    [['nowhere', 'out'], 'FROM: expected a folder, got "nowhere"'],
    [['src/stepped/deep/a.ts', 'out'], 'FROM: expected a folder'],
    [['src/stepped', 'src'], 'TO: expected a new folder or one named "erased", got "src"'],
    [['--workspace'], '--workspace: expected a folder "packages"'],
  ])('answers %j with exit 2 and what is wrong', (args, message) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain(' at ');
  });
});

describe('erasePlugin', () => {
  const load = (edit?: (source: string) => string): string => {
    const plugin = erasePlugin(edit === undefined ? {} : { edit });
    const hook = plugin.load as (this: unknown, id: string) => { code: string } | null;
    return hook.call({ addWatchFile: () => {} }, join(dir, 'src/erased/deep/a.ts'))?.code ?? '';
  };
  it('serves erased modules from the stepped ones', () => expect(load()).toContain('function f(): number'));
  it('applies an edit before erasure', () =>
    expect(load((source) => source.replace('return 2', 'return 3'))).toContain('return 3'));
});

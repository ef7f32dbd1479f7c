import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { counterexampleOf, randomProgram, shrinkExample, subsystemOf } from '@mm/model';
import { afterAll, expect, test } from 'vitest';

import { testText } from './as-test.js';
import { root } from './built-cli.js';

const dir = mkdtempSync(join(tmpdir(), 'mm-as-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

const run = promisify(execFile);

test('--as-test prints a test that type-checks, and fails while the bug is there, and only then', async () => {
  const slub = subsystemOf('slub');
  const options = { preset: 'arm64-2018', cpus: 2, series: 'none' } as const;
  const failing = shrinkExample(slub, options, { program: randomProgram(slub, 2, 1000, 2), schedule: 2 })!;
  const found = { seed: 2, mode: 'interleaved', commands: 1000, commit: 'test' } as const;
  const counterexample = counterexampleOf(slub, options, failing, found);
  const folder = join(dir, 'apps/pasted/src');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  writeFileSync(join(folder, 'fails.test.ts'), testText(counterexample));
  const fixed = { ...counterexample, options: { ...options, series: 'merged' as const } };
  writeFileSync(join(folder, 'holds.test.ts'), testText(fixed));
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { typeRoots: [join(root, 'node_modules/@types')] },
    include: [folder],
  };
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(config));
  await run(join(root, 'node_modules/.bin/tsc'), ['-p', join(dir, 'tsconfig.json')]);

  const vitest = (name: string): Promise<unknown> =>
    run(join(root, 'node_modules/.bin/vitest'), ['run', '--dir', dir, name], { cwd: root });
  await expect(vitest('fails.test.ts')).rejects.toMatchObject({
    stdout: expect.stringContaining(counterexample.invariant),
  });
  await vitest('holds.test.ts');
}, 240_000);

import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';

import { expect, it } from 'vitest';

import { isBuilt, root } from './built-cli.js';

it.skipIf(!isBuilt)('whoever stops reading ends it, without a word', async () => {
  const child = spawn(process.execPath, [`${root}apps/model-check/bin/mm-check.mjs`, 'explore']);
  child.stdout.destroy();
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect([code, said]).toEqual([130, '']);
});

it.skipIf(!isBuilt || !existsSync('/dev/full'))(
  'an output that cannot be written is told of, and is no counterexample',
  async () => {
    const stdio = ['ignore', openSync('/dev/full', 'w'), 'pipe'] as const;
    const child = spawn(process.execPath, [`${root}apps/model-check/bin/mm-check.mjs`, 'explore'], {
      stdio: [...stdio],
    });
    let said = '';
    child.stderr!.on('data', (data: Buffer) => (said += data.toString()));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, said]).toEqual([2, 'mm-check: standard output: expected to be writable, got ENOSPC\n']);
  },
);

import { spawn } from 'node:child_process';

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

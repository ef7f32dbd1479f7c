import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { erase } from './erase.js';

/**
 * Erases every stepped module below `from` into `to`, which is made anew. Returns the count of files.
 * @throws EraseError, with `to` as it was, when a module has no erased form.
 */
export function eraseFolder(from: string, to: string): number {
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter(
    (f) => f.endsWith('.ts') && !f.endsWith('.test.ts'),
  );
  // All are erased before anything is written: a refusal leaves the old output alone.
  const erased = files.map(
    (file) => [join(to, file), erase(readFileSync(join(from, file), 'utf8'), join(from, file))] as const,
  );
  rmSync(to, { recursive: true, force: true });
  for (const [file, text] of erased) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return files.length;
}

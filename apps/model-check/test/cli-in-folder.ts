import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeEach, vi } from 'vitest';

import { runCli } from '../src/run-cli.js';

/** `mm-check` in this process, in a folder of its own, with what it prints caught. */
export interface CliInFolder {
  readonly folder: string;
  /** What the last command printed. */
  readonly said: readonly string[];
  readonly run: (...args: string[]) => Promise<number>;
  /** {@link REFUSED} for a command line that ends in 2, says `says`, and writes nothing; else what it came to. */
  readonly refusal: (args: readonly string[], says: string) => Promise<string>;
}

/** What {@link CliInFolder.refusal} answers when all is well. */
export const REFUSED = 'refused by name, nothing written';

/** For a test file: each test begins in the same folder, which is removed in the end. */
export function cliInFolder(): CliInFolder {
  const said: string[] = [];
  const home = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'mm-cli-'));
  beforeEach(() => {
    said.length = 0;
    for (const stream of ['log', 'error'] as const)
      vi.spyOn(console, stream).mockImplementation((text: string) => void said.push(String(text)));
    for (const stream of [process.stdout, process.stderr])
      vi.spyOn(stream, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(home);
    vi.restoreAllMocks();
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = (...args: string[]): Promise<number> => {
    said.length = 0;
    return runCli(args);
  };
  const refusal = async (args: readonly string[], says: string): Promise<string> => {
    const before = readdirSync(folder, { recursive: true }).sort().join();
    const code = await run(...args);
    const text = said.join('\n');
    const after = readdirSync(folder, { recursive: true }).sort().join();
    if (code !== 2) return `ended in ${code}: ${text}`;
    if (after !== before) return `wrote: ${after}, before: ${before}`;
    return text.includes(says) ? REFUSED : text;
  };
  return { folder, said, run, refusal };
}

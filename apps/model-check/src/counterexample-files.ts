import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { type Counterexample, parseCounterexample } from '@mm/model';

import { parseJson, readText } from './read-json.js';
import { replaceOutput } from './write-output.js';

/** Where counterexamples are kept unless `--save` says otherwise, below the working folder. */
export const SAVE_FOLDER = '.mm-check';

/**
 * Reads a counterexample.
 * @throws OptionError naming the file and the field that is wrong.
 */
export const readCounterexample = (file: string): Counterexample =>
  parseCounterexample(parseJson(readText(file), file, 'a counterexample'), file);

/** Writes a counterexample into a folder, which is made; one of the same name is replaced. Returns the file's name. */
export function saveCounterexample(folder: string, found: Counterexample): string {
  const words = found.invariant.replaceAll(/[^a-z0-9]+/giu, '-').slice(0, 40);
  const file = join(folder, `${found.system}-${words}-${found.found.seed}.json`.replaceAll(/-+/gu, '-'));
  replaceOutput(file, `${JSON.stringify(found, null, 1)}\n`);
  return file;
}

/** The counterexamples of a folder, with their files; none when there is no folder. @throws OptionError */
export function savedCounterexamples(folder: string): Array<readonly [file: string, Counterexample]> {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => [join(folder, name), readCounterexample(join(folder, name))] as const);
}

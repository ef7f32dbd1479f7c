import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { OptionError } from '@mm/printk';

import { ROOT } from './bundle.js';
import type { Finding } from './hunt/hunt.js';

/** A finding as the repository keeps it. */
export interface SavedFinding {
  readonly format: 'mm-mutant/1';
  readonly mutant: string;
  /** The invariant that broke. */
  readonly invariant: string;
  readonly finding: Finding;
}

const FOLDER = `${ROOT}tools/mutants/counterexamples`;
const fileOf = (id: string): string => `${FOLDER}/${id}.json`;

/** Keeps what killed a mutant. Returns the file. */
export function saveFinding(mutant: string, invariant: string, finding: Finding): string {
  mkdirSync(FOLDER, { recursive: true });
  const saved: SavedFinding = { format: 'mm-mutant/1', mutant, invariant, finding };
  writeFileSync(fileOf(mutant), `${JSON.stringify(saved)}\n`);
  return fileOf(mutant);
}

/** What the repository keeps of a mutant; null: nothing. @throws OptionError for a file of another kind. */
export function savedFinding(mutant: string): SavedFinding | null {
  const file = fileOf(mutant);
  if (!existsSync(file)) return null;
  const saved = JSON.parse(readFileSync(file, 'utf8')) as SavedFinding;
  if (saved.format !== 'mm-mutant/1') throw new OptionError(`${file}.format`, 'mm-mutant/1', saved.format);
  return saved;
}

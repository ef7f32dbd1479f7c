import { accessSync, constants, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';

import { OptionError } from '@mm/printk';

import { reasonOf } from './write-output.js';

/**
 * An option that is an integer.
 * @throws OptionError when it is none, or out of range.
 */
export function integerOption(text: string, field: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d{1,16}$/u.test(text) || value < min || value > max)
    throw new OptionError(field, `an integer of ${min} to ${max}`, text);
  return value;
}

const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/**
 * An option that is a time, in milliseconds.
 * @throws OptionError when it is none, and for no time at all, in which nothing would be found.
 */
export function timeOption(text: string, field = '--time'): number {
  const match = /^(\d{1,6})(ms|s|m|h)$/u.exec(text);
  if (match === null) throw new OptionError(field, 'a time like 500ms, 30s, 5m or 1h', text);
  const count = Number(match[1]);
  if (count === 0) throw new OptionError(field, 'more than no time', text);
  return count * UNITS_MS[match[2] as keyof typeof UNITS_MS];
}

/** What is done has no end when it takes longer: some ten thousand times what the slowest takes. */
export const STALL_MS = 60_000;

/** `--stall`, in milliseconds. @throws OptionError for what is no time. */
export const stallOption = (text: string): number => timeOption(text, '--stall');

/**
 * An option that is one of some words.
 * @throws OptionError when it is another.
 */
export function choiceOption<T extends string>(text: string, field: string, known: readonly T[]): T {
  if (!known.includes(text as T)) throw new OptionError(field, `one of ${known.join(', ')}`, text);
  return text as T;
}

/** Threads at most: more do not fit any machine that runs this. */
const WORKERS_MAX = 1024;

/** `--workers`: by default a thread for each core. @throws OptionError */
export function workersOption(text: string | undefined): number {
  return text === undefined ? availableParallelism() : integerOption(text, '--workers', 1, WORKERS_MAX);
}

/**
 * A file that is going to be written: it must be possible, now, before anything long is begun.
 * @throws OptionError when it is a folder, or its folder is not there or not writable.
 */
export function outputOption(file: string | undefined, field: string): string | undefined {
  if (file === undefined) return undefined;
  if (file.trim() === '' || file.includes('\0')) throw new OptionError(field, 'the name of a file', file);
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true)
      throw new OptionError(field, 'a file, not a folder', file);
    accessSync(
      statSync(file, { throwIfNoEntry: false }) === undefined ? dirname(file) : file,
      constants.W_OK,
    );
    if (!statSync(dirname(file)).isDirectory()) throw new OptionError(field, 'a file in a folder', file);
  } catch (error) {
    if (error instanceof OptionError) throw error;
    throw new OptionError(field, `a file that can be written (${reasonOf(error)})`, file);
  }
  return file;
}

/**
 * A folder that files are going to be put into, and that is made where it is not there: that must be possible, now.
 * @throws OptionError when it is a file, or cannot be made or written.
 */
export function folderOption(folder: string, field: string): string {
  if (folder.trim() === '' || folder.includes('\0'))
    throw new OptionError(field, 'the name of a folder', folder);
  try {
    let there = resolve(folder);
    while (statSync(there, { throwIfNoEntry: false }) === undefined) there = dirname(there);
    if (!statSync(there).isDirectory()) throw new OptionError(field, 'a folder, not a file', folder);
    accessSync(there, constants.W_OK);
  } catch (error) {
    if (error instanceof OptionError) throw error;
    throw new OptionError(field, `a folder that can be written (${reasonOf(error)})`, folder);
  }
  return folder;
}

/**
 * Files that are going to be written, by option: each as {@link outputOption} has it, none twice, and none of those that are read.
 * @throws OptionError
 */
export function outputOptions(
  files: Readonly<Record<string, string | undefined>>,
  read: readonly string[] = [],
): void {
  const owners = new Map(read.map((file) => [resolve(file), 'one that is read']));
  for (const [field, file] of Object.entries(files)) {
    if (outputOption(file, field) === undefined) continue;
    const owner = owners.get(resolve(file!));
    if (owner !== undefined) throw new OptionError(field, `another file than ${owner}`, file);
    owners.set(resolve(file!), `that of ${field}`);
  }
}

import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { OptionError } from '@mm/printk';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder is not there',
  ENOTDIR: 'its folder is a file',
  EACCES: 'it is not for this user to write',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'no space is left',
  EDQUOT: 'no space is left to this user',
};

/** Why something cannot be written, in words. */
export function reasonOf(error: unknown): string {
  const { code = '' } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? code;
}

/** A disk may fill up while what is going to be written is worked out. */
function orSay(file: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new OptionError(file, 'a file that can be written', reasonOf(error));
  }
}

/**
 * Writes a file that was asked for.
 * @throws OptionError naming it when it cannot be written.
 */
export const writeOutput = (file: string, text: string): void => orSay(file, () => writeFileSync(file, text));

/** Adds to a file. @throws OptionError as {@link writeOutput}. */
export const appendOutput = (file: string, text: string): void =>
  orSay(file, () => appendFileSync(file, text));

/** Writes a file, for which a folder is made: an old one stands until the new one is whole. @throws OptionError as {@link writeOutput}. */
export const replaceOutput = (file: string, text: string): void =>
  orSay(file, () => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  });

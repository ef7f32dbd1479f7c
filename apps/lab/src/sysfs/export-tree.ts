import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import type { KernelFs } from '@mm/sysfs';
import { OptionError } from '@mm/printk';

/** Marks a directory as made here, and says of what. */
export const MARKER = '.mm-sysfs.json';
const FORMAT = 'mm-sysfs/1';

/** What was written. */
export interface Exported {
  files: number;
  directories: number;
  links: number;
}

/**
 * Writes /proc and /sys of a machine below a directory, with the modes of the kernel.
 *
 * @param about goes into the marker: what the machine is.
 * @param replace an earlier export in the directory is taken away first.
 * @throws OptionError when the directory is not empty, or cannot be written; nothing has changed then.
 * @example
 * exportTree(machine.fs, 'out', { preset: 'x86_64' }, false);
 */
export function exportTree(fs: KernelFs, directory: string, about: object, replace: boolean): Exported {
  makeRoom(directory, replace);
  const done: Exported = { files: 0, directories: 0, links: 0 };
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, MARKER), `${JSON.stringify({ format: FORMAT, ...about }, null, 1)}\n`);
    for (const name of fs.readdirSync('/')) copy(fs, `/${name}`, join(directory, name), done);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new OptionError(
      'DIR',
      'a directory that can be written',
      `${directory} (${(error as Error).message})`,
    );
  }
  return done;
}

function makeRoom(directory: string, replace: boolean): void {
  let names: string[];
  try {
    names = existsSync(directory) ? readdirSync(directory) : [];
  } catch (error) {
    throw new OptionError('DIR', 'a directory', `${directory} (${(error as Error).message})`);
  }
  if (names.length === 0) return;
  if (!replace)
    throw new OptionError('DIR', 'an empty directory, or --force to replace an earlier export', directory);
  if (!isExport(directory))
    throw new OptionError('DIR', `an earlier export, which has a file ${MARKER}, to replace`, directory);
  for (const name of ['proc', 'sys']) rmSync(join(directory, name), { recursive: true, force: true });
}

/** Whether a directory was written by {@link exportTree}. */
export function isExport(directory: string): boolean {
  try {
    return (
      (JSON.parse(readFileSync(join(directory, MARKER), 'utf8')) as { format?: unknown }).format === FORMAT
    );
  } catch {
    return false;
  }
}

function copy(fs: KernelFs, from: string, to: string, done: Exported): void {
  const stats = fs.lstatSync(from);
  if (stats.isSymbolicLink()) {
    symlinkSync(fs.readlinkSync(from), to);
    done.links++;
  } else if (stats.isDirectory()) {
    mkdirSync(to);
    done.directories++;
    for (const name of fs.readdirSync(from)) copy(fs, `${from}/${name}`, join(to, name), done);
    // Never without the right to take it away again.
    chmodSync(to, (stats.mode & 0o777) | 0o700);
  } else {
    writeFileSync(to, fs.readFileSync(from), { mode: stats.mode & 0o777 });
    chmodSync(to, stats.mode & 0o777);
    done.files++;
  }
}

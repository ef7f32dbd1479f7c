import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

import { OptionError } from '@mm/printk';

/** A text of this size still fits into a string. */
const FILE_BYTES_MAX = 500 * 2 ** 20;

/**
 * The text of a file.
 * @throws OptionError naming the file when it cannot be read or is too large.
 */
export function readText(file: string): string {
  let open: number | undefined;
  try {
    open = openSync(file, 'r');
    const stats = fstatSync(open);
    if (stats.isDirectory() || stats.size > 0) {
      if (stats.size > FILE_BYTES_MAX) throw tooLarge(file, stats.size);
      return readFileSync(open, 'utf8');
    }
    return readStream(open, file);
  } catch (error) {
    if (error instanceof OptionError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new OptionError(file, 'a file that can be read', code ?? String(error));
  } finally {
    if (open !== undefined) closeSync(open);
  }
}

const tooLarge = (file: string, size: number): OptionError =>
  new OptionError(file, `a file of at most ${FILE_BYTES_MAX} bytes`, size);

/** What a pipe or a device gives; neither says how much that will be, and /dev/zero has no end. */
function readStream(open: number, file: string): string {
  const parts: Buffer[] = [];
  for (let size = 0; ;) {
    const part = Buffer.allocUnsafe(2 ** 20);
    const count = readSync(open, part);
    if (count === 0) return Buffer.concat(parts).toString('utf8');
    size += count;
    if (size > FILE_BYTES_MAX) throw tooLarge(file, size);
    parts.push(part.subarray(0, count));
  }
}

/**
 * A JSON text as a value.
 * @param what what the file should be, for the message.
 * @throws OptionError naming the file when it is not whole JSON.
 */
export function parseJson(text: string, file: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new OptionError(file, `${what}, whole JSON`, (error as Error).message);
  }
}

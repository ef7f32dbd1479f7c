import { readFileSync, statSync } from 'node:fs';

import { OptionError } from '@mm/printk';

/** A text of this size still fits into a string. */
const FILE_BYTES_MAX = 500 * 2 ** 20;

/**
 * The text of a file.
 * @throws OptionError naming the file when it cannot be read or is too large.
 */
export function readText(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > FILE_BYTES_MAX) throw new OptionError(file, `a file of at most ${FILE_BYTES_MAX} bytes`, size);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof OptionError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new OptionError(file, 'a file that can be read', code ?? String(error));
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

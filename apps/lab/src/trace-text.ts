import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { OptionError } from '@mm/printk';

/** Text of at most this many bytes is read. */
const BYTES_MAX = 2 ** 28;

/** The text of a trace file, plain or gzipped. @throws OptionError naming `--trace` and the file. */
export function readTraceText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new OptionError('--trace', 'a file that can be read', `${file} (${(error as Error).message})`);
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = gunzipSync(bytes, { maxOutputLength: BYTES_MAX });
    } catch (error) {
      throw new OptionError('--trace', 'a whole gzip file', `${file} (${(error as Error).message})`);
    }
  }
  if (bytes.length > BYTES_MAX) throw new OptionError('--trace', `at most ${BYTES_MAX} bytes`, bytes.length);
  return bytes.toString('utf8');
}

import { OptionError, checkText } from '@mm/printk';
import { z } from 'zod';

import { schemaError } from './schema-error.js';

const envelope = z.looseObject({
  format: z.literal('mm-golden/1'),
  kind: z.string().min(1),
  source: z.looseObject({
    kernel: z.string(),
    config: z.record(z.string(), z.number()).default({}),
    cmdline: z.string().optional(),
    mem: z.string().optional(),
    cpus: z.number().int().positive().optional(),
  }),
  cases: z.array(z.looseObject({})).min(1),
});

/** A recording of a real kernel: its envelope is checked, its cases not yet. */
export type Recording = z.infer<typeof envelope>;

/** V8 holds strings of 512 MiB at most. */
const LENGTH_MAX = 512 * 2 ** 20 - 24;

/**
 * Reads the text of a recording.
 *
 * @param text a JSON object of format `mm-golden/1`.
 * @param name what to call it in messages, usually the file's name.
 * @throws OptionError naming the file, the field, and what was expected.
 * @example
 * const recording = readRecording(readFileSync('gfp.json', 'utf8'), 'gfp.json');
 */
export function readRecording(text: string, name: string): Recording {
  checkText('name', name);
  checkText(name, text);
  if (text.length > LENGTH_MAX) throw new OptionError(name, `at most ${LENGTH_MAX} characters`, text.length);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new OptionError(name, `a whole JSON object (${(error as Error).message})`, text.slice(0, 40));
  }
  const parsed = envelope.safeParse(value);
  if (parsed.success) return parsed.data;
  throw schemaError(name, parsed.error, value);
}

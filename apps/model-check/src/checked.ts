import { OptionError } from '@mm/printk';
import type { z } from 'zod';

/**
 * A value that came from outside, held against a schema.
 * @throws OptionError naming the field that is wrong, with its value.
 */
export function checked<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  let found = value;
  for (const key of path) found = (found as Record<PropertyKey, unknown> | null | undefined)?.[key];
  throw new OptionError([where, ...path].join('.'), message.replace(/^Invalid input: expected /u, ''), found);
}

import { OptionError, checkText } from '@mm/printk';

/**
 * The number that the value of a boot parameter begins with: decimal, hexadecimal behind `0x`, octal behind a zero. What
 * follows it is passed over.
 *
 * @param value what follows the equals sign; null without one.
 * @throws OptionError for a value that begins with no number, or a negative one.
 * @example
 * getOption('slub_max_order', '0x2'); // 2
 * @see linux 6.1 lib/cmdline.c get_option
 */
export function getOption(name: string, value: string | null): number {
  checkText('name', name);
  const read = typeof value === 'string' && /^(?:0x[0-9a-f]+|\d+)/iu.exec(value)?.[0];
  if (!read) throw new OptionError(name, 'a number from 0', value);
  // As in C, a leading zero makes it octal, which ends at the first digit that is none.
  return /^0[0-7]/u.test(read) ? Number.parseInt(read, 8) : Number(/^0\d/u.test(read) ? 0 : read);
}

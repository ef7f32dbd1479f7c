import { Errno } from '@mm/printk';

/**
 * A decimal number as sysfs files take it: digits, perhaps a plus before and one newline behind them.
 *
 * @returns the number, -EINVAL for another text, -ERANGE above `max`.
 * @see linux 6.1 lib/kstrtox.c kstrtoul
 */
export function parseKernelNumber(text: string, max: number): number {
  const digits = /^\+?(\d+)\n?$/u.exec(text)?.[1];
  if (digits === undefined) return -Errno.EINVAL;
  const value = Number(digits);
  return value > max ? -Errno.ERANGE : value;
}

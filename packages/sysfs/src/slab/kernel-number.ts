import { Errno } from '@mm/printk';

/**
 * A decimal number as files of sysfs take it: digits, perhaps a plus before and one newline behind them. What follows a zero
 * byte is not seen, as the kernel's texts end there.
 *
 * @param max the largest number of the C type.
 * @returns the number, rounded beyond 2^53; -EINVAL for another text, -ERANGE above `max`.
 * @see linux 6.1 lib/kstrtox.c kstrtoul
 */
export function parseKernelNumber(text: string, max: bigint): number {
  const match = /^\+?(\d+)(.*)$/su.exec(text);
  if (match === null) return -Errno.EINVAL;
  const value = BigInt(match[1]!);
  // Digits that overflow the kernel's widest type are found before what stands behind them is looked at.
  if (value > ULLONG_MAX) return -Errno.ERANGE;
  if (!/^\n?(?:\0|$)/u.test(match[2]!)) return -Errno.EINVAL;
  return value > max ? -Errno.ERANGE : Number(value);
}

const ULLONG_MAX = 2n ** 64n - 1n;

/** Largest `unsigned int`. */
export const UINT_MAX: bigint = 2n ** 32n - 1n;

/** Largest `unsigned long` of a machine whose pointers have so many bytes. */
export const ulongMax = (pointerBytes: number): bigint => 2n ** BigInt(8 * pointerBytes) - 1n;

/** A whole number as `%lu` prints it: what is below 0 wraps, and what was rounded up to 2^64 is the largest there is. */
export function printUlong(value: number): string {
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return `${value}`;
  return value >= 2 ** 64 ? `${ULLONG_MAX}` : `${BigInt.asUintN(64, BigInt(value))}`;
}

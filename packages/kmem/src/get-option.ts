import { checkInteger, checkText } from '@mm/printk';

/**
 * The number that the value of a boot parameter begins with, as C's int: decimal, hexadecimal behind `0x`, octal behind a zero,
 * negative behind a `-`. What follows it is passed over. Where no number begins it is 0, and of numbers that are too long the lowest
 * 32 bits count.
 *
 * @param text what follows the equals sign.
 * @param before what the variable holds, and goes on to hold when nothing follows.
 * @throws OptionError for what is no text, and a `before` that is no int.
 * @example
 * getOption('0x2', 3); // 2
 * @see linux 6.1 lib/cmdline.c get_option, lib/kstrtox.c _parse_integer
 */
export function getOption(text: string, before: number): number {
  checkInteger('before', before, -(2 ** 31), 2 ** 31 - 1);
  if (checkText('text', text) === '') return before;
  const [, minus, hex, octal, decimal] = /^(-?)(?:0x([\da-f]+)|0([0-7]*)|(\d+))?/iu.exec(text)!;
  const digits = hex === undefined ? (octal === undefined ? decimal : `0o0${octal}`) : `0x${hex}`;
  const magnitude = BigInt(digits ?? 0);
  return Number(BigInt.asIntN(32, minus === '-' ? -magnitude : magnitude));
}

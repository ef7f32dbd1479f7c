import { OptionError } from '@mm/printk';

const SUFFIX: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/**
 * An amount of memory: bytes as a number, or text such as `512M` or `4G` (binary units).
 *
 * @returns bytes, a multiple of 4096.
 * @throws OptionError naming the field.
 * @example
 * parseSize('4G', 'ramBytes'); // 4294967296
 */
export function parseSize(value: unknown, field: string): number {
  const match = typeof value === 'string' ? /^(\d{1,13})([KMGT]?)(?:i?B)?$/iu.exec(value) : null;
  const bytes = match === null ? value : Number(match[1]) * SUFFIX[match[2]!.toUpperCase()]!;
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes <= 0 || bytes % 4096 !== 0)
    throw new OptionError(field, 'a positive multiple of 4096 bytes, as a number or like 512M', value);
  return bytes;
}

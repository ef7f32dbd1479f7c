import { Errno } from '@mm/printk';
import { describe, expect, it } from 'vitest';

import { UINT_MAX, parseKernelNumber, ulongMax } from './kernel-number.js';

const { EINVAL, ERANGE } = Errno;

describe('a number as files of sysfs take it', () => {
  it.each([
    ['0', 0],
    ['7\n', 7],
    ['+7', 7],
    ['010', 10],
    ['4294967295', 4294967295],
    ['5\0x', 5],
    ['5\n\0x', 5],
    ['', -EINVAL],
    ['\n', -EINVAL],
    ['+', -EINVAL],
    ['++1', -EINVAL],
    ['-1', -EINVAL],
    [' 1', -EINVAL],
    ['1 ', -EINVAL],
    ['1\n\n', -EINVAL],
    ['0x10', -EINVAL],
    ['1.5', -EINVAL],
    ['x', -EINVAL],
    ['4294967296', -ERANGE],
    ['4294967296x', -EINVAL],
    ['18446744073709551615x', -EINVAL],
    // More than 64 bits: found before what stands behind the digits.
    ['18446744073709551616x', -ERANGE],
    ['9'.repeat(4000), -ERANGE],
  ])('%j as an unsigned int', (text, value) => {
    expect(parseKernelNumber(text, UINT_MAX)).toBe(value);
  });

  it('an unsigned long is as wide as a pointer', () => {
    expect(parseKernelNumber('4294967296', ulongMax(8))).toBe(2 ** 32);
    expect(parseKernelNumber('4294967296', ulongMax(4))).toBe(-ERANGE);
  });
});

import { expect, test } from 'vitest';

import { bootParams } from './boot-params.js';
import { getOption } from './get-option.js';

/** What the setups for `a_b`, `a_b=` and `c=` are given, in turn. */
function heard(cmdline: string, names: readonly string[] = ['a_b=', 'a_b', 'c=']): string[] {
  const calls: string[] = [];
  bootParams(
    cmdline,
    names.map((name) => [
      name,
      (rest) => {
        calls.push(`${name}|${rest}`);
      },
    ]),
  );
  return calls;
}

test.each<[cmdline: string, calls: string[]]>([
  ['', []],
  ['  quiet ro\tc=1\n', ['c=|1']],
  // Given to the first that its name begins with.
  ['a_b=1 a_b a_bc a_bc=2', ['a_b=|1', 'a_b|', 'a_b|c', 'a_b|c=2']],
  // A setup that ends in an equals sign does not hear of the name alone.
  ['c c1=2 xc=1', []],
  ['c=', ['c=|']],
  ['c=1=2', ['c=|1=2']],
  // Dashes of a name are underscores; those of a value stay.
  ['a-b a-b=x-y', ['a_b|', 'a_b=|x-y']],
  ['C=1 A_B', []],
  // Quotes keep spaces, and go from around the whole or the value.
  ['c="1 2" a_b', ['c=|1 2', 'a_b|']],
  ['"c=1 2" a_b', ['c=|1 2', 'a_b|']],
  ['c=1" "2', ['c=|1" "2']],
  ['c="1 2', ['c=|1 2']],
  ['c="1"2', ['c=|1"2']],
  // The second quote ends what the first began, and the third goes on to the end.
  ['"c="1 2" a_b', ['c=|1']],
  // What follows is for init; so is what follows a NUL.
  ['c=1 -- c=2', ['c=|1']],
  ['c=1 --a c=2', ['c=|1', 'c=|2']],
  ['c=1 --=x c=2', ['c=|1', 'c=|2']],
  ['c=1\0c=2 c=3', ['c=|1']],
])('parameters of %j', (cmdline, calls) => {
  expect(heard(cmdline)).toEqual(calls);
});

test('names with dashes ask for underscores', () => {
  expect(heard('x_y=1', ['x-y='])).toEqual(['x-y=|1']);
});

test.each<[text: string, number: number]>([
  ['', 7],
  ['0', 0],
  ['12', 12],
  ['-12', -12],
  ['0x1F', 31],
  ['0XfG', 15],
  ['-0x10', -16],
  ['010', 8],
  ['09', 0],
  ['0x', 0],
  ['0xg', 0],
  ['x', 0],
  ['-', 0],
  ['--1', 0],
  ['+1', 0],
  [' 1', 0],
  ['2,5', 2],
  ['1-3', 1],
  ['1k', 1],
  ['2147483648', -2_147_483_648],
  ['4294967295', -1],
  ['-4294967295', 1],
  ['4294967299', 3],
  ['18446744073709551618', 2],
])('of a variable that holds 7, "%s" makes %d', (text, number) => {
  expect(getOption(text, 7)).toBe(number);
});

const INT_MAX = 2 ** 31 - 1;
/** A number takes at most so many characters, its sign included. */
const CHARS_MAX = 20;
const MINUS = 45;
const ZERO = 48;
const LOWER_X = 120;

/** What a number may come after. */
const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);

/** What may follow a number. */
const isSeparator = (code: number): boolean => code === 32 || code === 9 || code === 10;

/** The value of a digit, 0..15; -1 for anything else. */
function digitOf(code: number): number {
  if (code >= ZERO && code <= ZERO + 9) return code - ZERO;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** The base in which the digits at `at` are: 0x 16, 0 8, else 10. */
function baseAt(text: string, at: number): number {
  if (text.charCodeAt(at) !== ZERO) return 10;
  const isHex = (text.charCodeAt(at + 1) | 32) === LOWER_X && digitOf(text.charCodeAt(at + 2)) >= 0;
  return isHex ? 16 : 8;
}

/**
 * Up to `most` integers of a text as the kernel reads them: it stops at the first that is none, or does not fit into an int, and does not
 * look at what follows the last. By characters: expressions take four times as long.
 * @see linux 6.1 kernel/sysctl.c __do_proc_dointvec, proc_get_long
 */
export function readIntegers(text: string, most: number): number[] {
  const values: number[] = [];
  for (let at = 0; values.length < most;) {
    while (at < text.length && isSpace(text.charCodeAt(at))) at++;
    const start = at;
    const negative = text.charCodeAt(at) === MINUS;
    if (negative) at++;
    const first = text.charCodeAt(at);
    if (!(first >= ZERO && first <= ZERO + 9)) break;
    const base = baseAt(text, at);
    if (base === 16) at += 2;
    let value = 0;
    for (; at < text.length; at++) {
      const digit = digitOf(text.charCodeAt(at));
      if (digit < 0 || digit >= base) break;
      value = value * base + digit;
    }
    const isInt = value <= (negative ? INT_MAX + 1 : INT_MAX);
    if (!isInt || at - start > CHARS_MAX) break;
    if (at < text.length && !isSeparator(text.charCodeAt(at))) break;
    values.push(negative ? -value : value);
  }
  return values;
}

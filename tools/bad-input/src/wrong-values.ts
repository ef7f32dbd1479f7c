/** What is tried in place of every argument, by the name that a row may accept it under. */
export const WRONG_VALUES: Readonly<Record<string, unknown>> = {
  undefined,
  null: null,
  NaN: Number.NaN,
  '-1': -1,
  '1.5': 1.5,
  '2^53': 2 ** 53,
  true: true,
  "''": '',
  "'x'": 'x',
  '[]': [],
  '[null]': [null],
  '{}': {},
  '1n': 1n,
  symbol: Symbol('wrong'),
  function: () => undefined,
};

/** The names of all of them: what answers a question about anything, such as whether there is memory at it. */
export const ALL: readonly string[] = Object.keys(WRONG_VALUES);

import { expect, test } from 'vitest';

import { checkPossible } from './possible-text.js';

test('only a cache that every user has given up has one alias less than none', () => {
  expect(() => checkPossible('aliases', '-1\n', 1000, true)).not.toThrow();
  expect(() => checkPossible('aliases', '-1\n', 1000, false)).toThrow('impossible number');
  expect(() => checkPossible('objects', '-1\n', 1000, true)).toThrow('impossible number');
});

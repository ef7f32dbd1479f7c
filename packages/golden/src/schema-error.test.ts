import { expect, test } from 'vitest';
import { z } from 'zod';

import { schemaError } from './schema-error.js';

const op = z.union([
  z.tuple([z.literal('get'), z.number().int().min(0)]),
  z.tuple([z.literal('put'), z.string(), z.number()]),
  z.tuple([z.literal('put'), z.number(), z.number()]),
]);
const schema = z.object({ ops: z.array(op) });

const complaint = (value: unknown): string => {
  const parsed = schema.safeParse(value);
  return schemaError('f.json', parsed.error!, value).message;
};

test.each([
  [7, 'f.json: expected object, got 7'],
  [{}, 'f.json.ops: expected array, got undefined'],
  [
    { ops: [['tea', 1]] },
    'f.json.ops.0: expected a known operation with all its arguments, got "[\\"tea\\",1]"',
  ],
  [{ ops: [['get']] }, 'f.json.ops.0: expected a known operation with all its arguments, got "[\\"get\\"]"'],
  [
    {
      ops: [
        ['get', 1],
        ['get', -1],
      ],
    },
    'f.json.ops.1.1: expected a number >= 0, got -1',
  ],
  [{ ops: [['put', null, 1]] }, 'f.json.ops.0.1: expected one of string, number, got null'],
  [{ ops: [null] }, 'f.json.ops.0: expected tuple, got null'],
])('%j', (value, message) => {
  expect(complaint(value)).toBe(message);
});

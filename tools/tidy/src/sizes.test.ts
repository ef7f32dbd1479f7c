import { parseSync } from 'oxc-parser';
import { expect, it } from 'vitest';

import { read, sourceFiles } from './house.js';

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value;

function* functionsIn(node: Node): Generator<Node> {
  if (/^(Function(Declaration|Expression)|ArrowFunctionExpression)$/u.test(node.type)) yield node;
  for (const value of Object.values(node))
    for (const inner of Array.isArray(value) ? value : [value]) if (isNode(inner)) yield* functionsIn(inner);
}

const code = sourceFiles().filter((file) => !file.endsWith('.test.ts'));

it('no file is longer than 400 lines', () => {
  const long = code.filter((file) => read(file).split('\n').length > FILE_LINES_MAX);
  expect(long).toEqual([]);
});

it('no function is longer than 70 lines', () => {
  const long = code.flatMap((file) => {
    const text = read(file);
    const { program } = parseSync(file, text);
    const lineOf = (at: number): number => text.slice(0, at).split('\n').length;
    return [...functionsIn(program as unknown as Node)]
      .map((node) => ({ at: lineOf(node.start), lines: lineOf(node.end) - lineOf(node.start) + 1 }))
      .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
      .map(({ at, lines }) => `${file}:${at} has ${lines} lines`);
  });
  expect(long).toEqual([]);
});

import type { Erasing } from './erase.js';
import { type Node, nameOf, refuse } from './syntax.js';

const PASSES_ON = new Set(['ParenthesizedExpression', 'ConditionalExpression']);

/**
 * A call of a stepped function makes steps and runs nothing; erased, it runs. The two mean the same only as
 * operand of `yield*`, and as what a function that is no generator returns (work for each CPU).
 */
export function checkSteppedCall({ module, names }: Erasing, node: Node, above: readonly Node[]): void {
  const name = nameOf(node['callee']);
  if (name === undefined || !names.functions.has(name)) return;
  let depth = above.length - 1;
  while (PASSES_ON.has(above[depth]?.type ?? '')) depth--;
  const holder = above[depth];
  if (holder?.type === 'YieldExpression' && holder['delegate'] === true) return;
  if (holder?.type === 'ArrowFunctionExpression') return;
  if (holder?.type === 'ReturnStatement' && !isInGenerator(above)) return;
  refuse(module, node.start, `${name} makes steps: expected \`yield* ${name}(...)\``);
}

function isInGenerator(above: readonly Node[]): boolean {
  const inner = above.findLast((node) => /Function(?:Declaration|Expression)$/u.test(node.type));
  return inner?.['generator'] === true;
}

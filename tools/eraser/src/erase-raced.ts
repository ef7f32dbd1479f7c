import { eraseStatement } from './erase-yield.js';
import type { Erasing } from './erase.js';
import { checkPure } from './pure-access.js';
import { type Node, isNode, nameOf } from './syntax.js';

/**
 * Erases the question whether another task came between: `if (raced(...)) ...` goes, any other `raced(...)` is false. True when
 * the node is dealt with, and what is in it too.
 */
export function eraseRaced(erasing: Erasing, node: Node, above: readonly Node[]): boolean {
  const { out, gone } = erasing;
  if (node.type === 'IfStatement' && !isNode(node['alternate'])) {
    const test = node['test'] as Node;
    if (!asksWhetherRaced(erasing, test)) return false;
    eraseStatement(erasing, node, above.at(-1));
    return true;
  }
  if (!asksWhetherRaced(erasing, node)) return false;
  out.overwrite(node.start, node.end, '(false as boolean)');
  gone.push([node.start, node.end]);
  return true;
}

function asksWhetherRaced({ module, names }: Erasing, node: Node): boolean {
  if (node.type !== 'CallExpression' || !names.raced.has(nameOf(node['callee']) ?? '')) return false;
  for (const argument of node['arguments'] as Node[]) checkPure(module, names, argument);
  return true;
}

import type { Erasing } from './erase.js';
import { checkPure } from './pure-access.js';
import { type Node, isNode, nameOf, refuse } from './syntax.js';

/** Without its parentheses. */
const bare = (node: Node): Node =>
  node.type === 'ParenthesizedExpression' ? bare(node['expression'] as Node) : node;

/** Erases a yield by what it is: a delegation, a statement, or the answer to a trylock. */
export function eraseYield(erasing: Erasing, node: Node, above: readonly Node[]): void {
  const { module, names, out, gone } = erasing;
  const argument = node['argument'];
  if (!isNode(argument)) return refuse(module, node.start, 'a yield needs an access');
  if (node['delegate'] === true) return eraseDelegation(erasing, node, argument, above);
  checkPure(module, names, argument);
  let depth = above.length - 1;
  while (above[depth]?.type === 'ParenthesizedExpression') depth--;
  const holder = above[depth];
  if (holder?.type === 'ExpressionStatement') return eraseStatement(erasing, holder, above[depth - 1]);
  const call = bare(argument);
  const callee = call.type === 'CallExpression' ? nameOf(call['callee']) : undefined;
  if (callee === undefined || !names.tryLock.has(callee))
    refuse(module, node.start, 'only `yield tryLock(cell)` has an answer');
  out.overwrite(node.start, node.end, '(true as boolean)');
  gone.push([node.start, node.end]);
}

function eraseDelegation({ module, out }: Erasing, node: Node, argument: Node, above: readonly Node[]): void {
  if (!makesItsSteps(argument))
    refuse(
      module,
      argument.start,
      'expected a call after `yield*`: steps kept in a variable would run where they were made',
    );
  // At the start of a statement a parenthesis could be read as the arguments of the line before.
  const hazard = above.at(-1)?.type === 'ExpressionStatement' && module.source[argument.start] === '(';
  out.overwrite(node.start, argument.start, hazard ? 'void ' : '');
}

function makesItsSteps(node: Node): boolean {
  const at = bare(node);
  if (at.type === 'ConditionalExpression')
    return makesItsSteps(at['consequent'] as Node) && makesItsSteps(at['alternate'] as Node);
  return at.type === 'CallExpression';
}

/** After spaces and comments: a character that can continue an expression. */
const CONTINUES = /^(?:\s|\/\*[\s\S]*?\*\/|\/\/[^\n]*\n)*(?:[([`+-]|\/(?![/*]))/u;

/** Takes a statement out; where one must stand, `{}` does. */
export function eraseStatement(
  { module, out, gone }: Erasing,
  statement: Node,
  parent: Node | undefined,
): void {
  gone.push([statement.start, statement.end]);
  const inList = /^(?:BlockStatement|SwitchCase|StaticBlock|Program|FunctionBody)$/u.test(parent?.type ?? '');
  if (!inList) {
    out.overwrite(statement.start, statement.end, '{}');
    return;
  }
  // The next line must not become a continuation of the one before.
  if (CONTINUES.test(module.source.slice(statement.end))) out.overwrite(statement.start, statement.end, ';');
  else out.remove(statement.start, statement.end);
}

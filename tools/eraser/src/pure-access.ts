import { type Module, type Node, childrenOf, isNode, refuse } from './syntax.js';
import type { SteppedNames } from './stepped-names.js';

/** What may stand in an access, beside calls: nothing that changes anything. */
const PURE = new Set([
  'Identifier',
  'Literal',
  'TemplateLiteral',
  'TemplateElement',
  'ThisExpression',
  'MemberExpression',
  'PrivateIdentifier',
  'BinaryExpression',
  'LogicalExpression',
  'ConditionalExpression',
  'ParenthesizedExpression',
  'ChainExpression',
  'TSNonNullExpression',
  'TSAsExpression',
  'CallExpression',
]);

/** Names of functions that compute a cell: `cell`, `pcpLock`, `cpuSlot`, `cellOf`, `lockAt`. */
const COMPUTES_A_CELL = /(?:[cC]ell|[lL]ock|[sS]lot)(?:Of|At)?$/u;

/**
 * An access vanishes with its yield, so it must not do anything. Calls in it are those of the access
 * makers (`read`, `lock`, ...), of functions whose name says that they compute a cell, and of `Math`.
 */
export function checkPure(module: Module, names: SteppedNames, node: Node): void {
  if (node.type.startsWith('TS') && !PURE.has(node.type)) return;
  if (node.type === 'UnaryExpression' && node['operator'] === 'delete')
    refuse(module, node.start, 'an access must not change anything: it is erased with its yield');
  if (!PURE.has(node.type) && node.type !== 'UnaryExpression')
    refuse(module, node.start, `an access must not change anything: ${node.type} is erased with its yield`);
  if (node.type === 'CallExpression') checkCall(module, names, node);
  for (const child of childrenOf(node)) checkPure(module, names, child);
}

function checkCall(module: Module, names: SteppedNames, node: Node): void {
  const callee = node['callee'] as Node;
  const last = callee.type === 'MemberExpression' ? (callee['property'] as Node) : callee;
  const name = (last['name'] as string | undefined) ?? '';
  if (callee.type === 'Identifier' && names.accesses.has(name)) return;
  if (COMPUTES_A_CELL.test(name)) return;
  const object = callee.type === 'MemberExpression' ? callee['object'] : undefined;
  if (isNode(object) && object['name'] === 'Math') return;
  refuse(
    module,
    node.start,
    `the call of ${name === '' ? 'this' : name} would be erased with its yield; expected a function that computes a cell (named ...Cell, ...Lock or ...Slot)`,
  );
}

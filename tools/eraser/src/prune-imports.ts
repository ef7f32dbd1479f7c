import type { MagicString } from 'magic-string';

import { type Module, type Node, childrenOf, isNode, nameOf } from './syntax.js';

/** A half-open range of the source that has no erased form. */
export type Gone = readonly [start: number, end: number];

/** Names that only erased code used would fail `noUnusedLocals`, so their imports go too. */
export function pruneImports(module: Module, out: MagicString, gone: readonly Gone[]): void {
  const before = new Set<string>();
  const after = new Set<string>();
  collectUses(module.program, (name, at) => {
    before.add(name);
    if (!gone.some(([start, end]) => at >= start && at < end)) after.add(name);
  });
  for (const statement of module.program['body'] as Node[]) {
    if (statement.type !== 'ImportDeclaration') continue;
    const specifiers = statement['specifiers'] as Node[];
    const kept = specifiers.filter((specifier) => {
      const local = nameOf(specifier['local']) ?? '';
      return after.has(local) || !before.has(local);
    });
    if (kept.length === specifiers.length) continue;
    if (kept.length === 0) out.remove(statement.start, statement.end);
    else out.overwrite(statement.start, (statement['source'] as Node).start, clause(module, statement, kept));
  }
}

function clause(module: Module, statement: Node, kept: readonly Node[]): string {
  const textOf = (node: Node): string => module.source.slice(node.start, node.end);
  const named = kept.filter((s) => s.type === 'ImportSpecifier').map(textOf);
  const parts = kept.filter((s) => s.type !== 'ImportSpecifier').map(textOf);
  if (named.length > 0) parts.push(`{ ${named.join(', ')} }`);
  return `import ${statement['importKind'] === 'type' ? 'type ' : ''}${parts.join(', ')} from `;
}

/** Calls `use` for every identifier that refers to a name in scope; names of members are none. */
function collectUses(node: Node, use: (name: string, at: number) => void): void {
  if (node.type === 'ImportDeclaration') return;
  const name = nameOf(node);
  if (name !== undefined) use(name, node.start);
  const member = memberName(node);
  for (const child of childrenOf(node)) if (child !== member) collectUses(child, use);
}

const KEYED =
  /^(?:Property|MethodDefinition|PropertyDefinition|AccessorProperty|TS\w*(?:Signature|Member)|TSAbstract\w+)$/u;

/** The child of a node that names a member or a label, not a variable. */
function memberName(node: Node): Node | undefined {
  const pick = (key: string): Node | undefined => (isNode(node[key]) ? node[key] : undefined);
  if (node.type === 'MemberExpression') return node['computed'] === true ? undefined : pick('property');
  if (KEYED.test(node.type))
    return node['computed'] === true || node['shorthand'] === true ? undefined : (pick('key') ?? pick('id'));
  if (node.type === 'TSQualifiedName') return pick('right');
  if (/^(?:LabeledStatement|BreakStatement|ContinueStatement)$/u.test(node.type)) return pick('label');
  if (node.type === 'ExportSpecifier') return pick('exported');
  return undefined;
}

import MagicString from 'magic-string';
import { parseSync } from 'oxc-parser';

/** A construct that cannot be erased, with the place where it stands. */
export class EraseError extends Error {
  override readonly name = 'EraseError';
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';

/**
 * Turns stepped source into plain source: `function*` becomes `function`, `yield* f()` becomes `f()`,
 * `yield access` disappears, `yield tryLock(cell)` is `true`, `Steps<T>` is `T`, and imports of
 * `.../stepped` faces become imports of the plain face.
 * @throws EraseError naming file and line for what has no erased form.
 */
export function erase(source: string, file: string): string {
  const parsed = parseSync(file, source, { sourceType: 'module', lang: 'ts' });
  const fault = parsed.errors[0];
  if (fault !== undefined) throw new EraseError(`${file}: ${fault.message}`);
  const out = new MagicString(source);
  const removed: Array<readonly [number, number]> = [];

  const refuse = (node: Node, why: string): never => {
    const line = source.slice(0, node.start).split('\n').length;
    throw new EraseError(`${file}:${line}: ${why}`);
  };
  const remove = (start: number, end: number): void => {
    out.remove(start, end);
    removed.push([start, end]);
  };

  const onFunction = (node: Node): void => {
    if (node['generator'] !== true) return;
    const returns = (node['returnType'] as { typeAnnotation?: Node } | null)?.typeAnnotation;
    const name = returns?.type === 'TSTypeReference' ? (returns['typeName'] as Node)['name'] : undefined;
    if (name !== 'Steps') refuse(node, 'a generator must declare that it returns Steps<T>');
    const head = source.indexOf('*', node.start);
    out.remove(head, head + 1);
  };

  const onYield = (node: Node, parent: Node, grand: Node): void => {
    const argument = node['argument'];
    if (!isNode(argument)) return refuse(node, 'a yield needs an access');
    if (node['delegate'] === true) {
      remove(node.start, argument.start);
      return;
    }
    if (parent.type === 'ExpressionStatement') {
      if (grand.type === 'BlockStatement' || grand.type === 'SwitchCase') remove(parent.start, parent.end);
      else out.overwrite(parent.start, parent.end, '{}');
      return;
    }
    const callee = argument.type === 'CallExpression' ? (argument['callee'] as Node)['name'] : undefined;
    if (callee !== 'tryLock') refuse(node, 'only `yield tryLock(cell)` has an answer');
    out.overwrite(node.start, node.end, '(true as boolean)');
    removed.push([node.start, node.end]);
  };

  const onTypeReference = (node: Node): void => {
    if ((node['typeName'] as Node)['name'] !== 'Steps') return;
    const params = (node['typeArguments'] as { params?: Node[] } | null)?.params;
    const inner = params?.[0];
    if (inner === undefined) return refuse(node, 'Steps needs its type argument');
    remove(node.start, inner.start);
    remove(inner.end, node.end);
  };

  const walk = (node: Node, parent: Node, grand: Node): void => {
    if (node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression') onFunction(node);
    if (node.type === 'YieldExpression') onYield(node, parent, grand);
    if (node.type === 'TSTypeReference') onTypeReference(node);
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) {
        for (const item of value) if (isNode(item)) walk(item, node, parent);
      } else if (isNode(value)) walk(value, node, parent);
    }
  };
  const program = parsed.program as unknown as Node;
  walk(program, program, program);
  pruneImports(program, source, out, removed);
  return out.toString();
}

/** Identifiers that only erased code used would fail `noUnusedLocals`, so their imports go too. */
function pruneImports(
  program: Node,
  source: string,
  out: MagicString,
  removed: ReadonlyArray<readonly [number, number]>,
): void {
  const gone = (at: number): boolean => removed.some(([start, end]) => at >= start && at < end);
  const used = new Set<string>();
  const collect = (node: Node): void => {
    if (node.type === 'ImportDeclaration') return;
    if (node.type === 'Identifier' && !gone(node.start)) used.add(node['name'] as string);
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) {
        for (const item of value) if (isNode(item)) collect(item);
      } else if (isNode(value)) collect(value);
    }
  };
  collect(program);
  for (const statement of program['body'] as Node[]) {
    if (statement.type === 'ImportDeclaration') {
      const specifiers = statement['specifiers'] as Node[];
      const kept = specifiers.filter((s) => used.has((s['local'] as Node)['name'] as string));
      if (specifiers.length > 0 && kept.length === 0) {
        out.remove(statement.start, statement.end);
        continue;
      }
      if (kept.length < specifiers.length) {
        const open = source.indexOf('{', statement.start);
        const close = source.indexOf('}', open);
        out.overwrite(open + 1, close, ` ${kept.map((s) => source.slice(s.start, s.end)).join(', ')} `);
      }
    }
    const from = statement['source'];
    if (isNode(from) && /^'[^.].*\/stepped'$/u.test(source.slice(from.start, from.end))) {
      out.overwrite(from.start, from.end, source.slice(from.start, from.end).replace(/\/stepped'$/u, "'"));
    }
  }
}

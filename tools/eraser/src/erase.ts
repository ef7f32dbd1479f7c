import { MagicString, type SourceMap } from 'magic-string';
import { parseSync } from 'oxc-parser';

import { eraseFunction } from './erase-function.js';
import { eraseRaced } from './erase-raced.js';
import { eraseYield } from './erase-yield.js';
import { checkSteppedCall } from './stepped-call.js';
import { type Gone, pruneImports } from './prune-imports.js';
import { type SteppedNames, findNames } from './stepped-names.js';
import { type Module, type Node, childrenOf, isNode, nameOf, refuse } from './syntax.js';

/** A module being erased. */
export interface Erasing {
  readonly module: Module;
  readonly names: SteppedNames;
  readonly out: MagicString;
  readonly gone: Gone[];
}

/** Erased source with the map that leads back to the stepped one. */
export interface Erased {
  readonly code: string;
  readonly map: SourceMap;
}

/**
 * Turns stepped source into plain source: `function*` becomes `function`, `yield* f()` becomes `f()`,
 * `yield access` disappears, `yield tryLock(cell)` is `true`, `raced(...)` false, `Steps<T>` is `T`, and imports of
 * `.../stepped` faces become imports of the plain face.
 *
 * @param file the name in messages and in the source map.
 * @throws EraseError naming file, line and column for what has no erased form.
 * @example
 * erase('function* f(): Steps<number> { yield read(1); return 2; }', 'f.ts');
 * // 'function f(): number {  return 2; }'
 */
export function erase(source: string, file: string): string {
  return transform(source, file).toString();
}

/** As {@link erase}, with a source map. */
export function eraseWithMap(source: string, file: string): Erased {
  const out = transform(source, file);
  return { code: out.toString(), map: out.generateMap({ source: file, includeContent: true, hires: true }) };
}

function transform(source: string, file: string): MagicString {
  const parsed = parseSync(file, source, { sourceType: 'module', lang: 'ts' });
  const fault = parsed.errors[0];
  if (fault !== undefined) refuse({ file, source }, fault.labels[0]?.start ?? 0, fault.message);
  const module: Module = { file, source, program: parsed.program as unknown as Node };
  const out = new MagicString(source);
  const erasing: Erasing = { module, names: findNames(module), out, gone: [] };
  walk(erasing, module.program, []);
  pruneImports(module, out, erasing.gone);
  return out;
}

/** `above` holds the ancestors, nearest last. */
function walk(erasing: Erasing, node: Node, above: Node[]): void {
  const { module } = erasing;
  if (eraseRaced(erasing, node, above)) return;
  if (node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression')
    eraseFunction(erasing, node, above);
  else if (node.type === 'YieldExpression') eraseYield(erasing, node, above);
  else if (node.type === 'CallExpression') checkSteppedCall(erasing, node, above);
  else if (node.type === 'TSTypeReference') eraseStepsType(erasing, node, above);
  else if (node.type === 'ForOfStatement' && node['await'] === true)
    refuse(module, node.start, '`for await` has no erased form');
  if (isNode(node['source'])) eraseFace(erasing, node['source']);
  above.push(node);
  for (const child of childrenOf(node)) walk(erasing, child, above);
  above.pop();
}

/** Around these a type keeps its meaning only in parentheses. */
const BINDS_TIGHTER =
  /^TS(?:Array|IndexedAccess|TypeOperator|Intersection|Union|Conditional|Optional|Rest)(?:Type)?$/u;

function eraseStepsType({ module, names, out, gone }: Erasing, node: Node, above: readonly Node[]): void {
  if (!names.steps.has(nameOf(node['typeName']) ?? '')) return;
  const inner = (node['typeArguments'] as { params?: Node[] } | null)?.params?.[0];
  if (inner === undefined) return refuse(module, node.start, 'Steps needs its type argument');
  const tight = BINDS_TIGHTER.test(above.at(-1)?.type ?? '');
  out.overwrite(node.start, inner.start, tight ? '(' : '');
  out.overwrite(inner.end, node.end, tight ? ')' : '');
  gone.push([node.start, inner.start], [inner.end, node.end]);
}

const FACE = '/stepped';

/** `'@mm/buddy/stepped'` becomes `'@mm/buddy'`; relative paths stay. */
function eraseFace({ out }: Erasing, source: Node): void {
  const value = source['value'];
  if (typeof value !== 'string' || value.startsWith('.') || !value.endsWith(FACE)) return;
  out.remove(source.end - 1 - FACE.length, source.end - 1);
}

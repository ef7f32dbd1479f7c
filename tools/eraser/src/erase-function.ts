import type { Erasing } from './erase.js';
import { returnsSteps } from './stepped-names.js';
import { type Node, isNode, refuse } from './syntax.js';

const SPACE = String.raw`(?:\s|/\*[\s\S]*?\*/|//[^\n]*\n)*`;
const HEAD = new RegExp(`^function${SPACE}\\*`, 'u');
const STAR_BEFORE_KEY = new RegExp(`\\*(?=${SPACE}\\[?${SPACE}$)`, 'u');

/** Takes the star off a generator: a function, or the method that `node` is the value of. */
export function eraseFunction(erasing: Erasing, node: Node, above: readonly Node[]): void {
  if (node['generator'] !== true) return;
  const { module, names, out } = erasing;
  if (node['async'] === true) refuse(module, node.start, 'an async generator has no erased form');
  const parent = above.at(-1);
  const key = parent?.['value'] === node ? parent['key'] : undefined;
  if (parent !== undefined && isNode(key) && /Symbol/u.test(module.source.slice(key.start, key.end)))
    refuse(module, parent.start, 'an iterator method has no erased form');
  if (!returnsSteps(node, names))
    refuse(module, node.start, 'a generator must declare that it returns Steps<T>');
  const at = starOf(module.source, node, isMethod(parent, node) ? parent : undefined);
  if (at < 0) return refuse(module, node.start, 'the star of this generator was not found');
  out.remove(at, at + 1);
}

const isMethod = (parent: Node | undefined, node: Node): parent is Node =>
  parent !== undefined &&
  parent['value'] === node &&
  (parent['method'] === true || parent.type === 'MethodDefinition');

function starOf(source: string, node: Node, method: Node | undefined): number {
  if (method === undefined) {
    const head = HEAD.exec(source.slice(node.start, node.end));
    return head === null ? -1 : node.start + head[0].length - 1;
  }
  const key = method['key'] as Node;
  const star = STAR_BEFORE_KEY.exec(source.slice(method.start, key.start));
  return star === null ? -1 : method.start + star.index;
}

/** A node of the syntax tree, as much of it as the eraser looks at. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';

/** The child nodes of a node, in source order as far as the parser keeps it. */
export function* childrenOf(node: Node): Generator<Node, void, undefined> {
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) yield item;
    } else if (isNode(value)) yield value;
  }
}

/** The name of an identifier, or undefined for any other node. */
export const nameOf = (node: unknown): string | undefined =>
  isNode(node) && node.type === 'Identifier' ? (node['name'] as string) : undefined;

/** A construct that cannot be erased, with the place where it stands: `file:line:column: why`. */
export class EraseError extends Error {
  override readonly name = 'EraseError';
}

/** One stepped module: its text, its place, its tree. */
export interface Module {
  readonly file: string;
  readonly source: string;
  readonly program: Node;
}

/** @throws EraseError at the place of `at`, an offset into the source. */
export function refuse(module: Pick<Module, 'file' | 'source'>, at: number, why: string): never {
  const lines = module.source.slice(0, at).split('\n');
  const column = (lines.at(-1) ?? '').length + 1;
  throw new EraseError(`${module.file}:${lines.length}:${column}: ${why}`);
}

import { CellSpace, Context } from '@mm/steps';

/** What keeps state of its own that nobody else can reach, and hands it out as an image. */
export interface Keeper {
  snapshot(): unknown;
  restore(image: never): void;
}

/** An object at one moment: what it held, by field, index or key. A keeper's is its image. */
export interface StateNode {
  readonly live: object;
  readonly saved: Saved;
}

/** The content of a node. References to other nodes are the live objects. */
export type Saved =
  | { readonly kind: 'kept'; readonly image: unknown }
  | { readonly kind: 'words'; readonly words: TypedArray }
  | { readonly kind: 'array'; readonly items: readonly unknown[] }
  | { readonly kind: 'map'; readonly entries: ReadonlyArray<readonly [unknown, unknown]> }
  | { readonly kind: 'set'; readonly items: readonly unknown[] }
  | { readonly kind: 'fields'; readonly fields: ReadonlyArray<readonly [string, unknown]> };

/** The arrays that state is in. */
export type TypedArray = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array;

const isKeeper = (value: object): value is Keeper =>
  'snapshot' in value && typeof value.snapshot === 'function' && 'restore' in value;

/**
 * Everything that can be reached from some objects by public fields, as it is now: typed arrays, fields, arrays, maps,
 * sets, and the images of keepers, each by the path on which it was first reached. So a subsystem takes part without a word of its own as
 * long as it hides nothing, or is a keeper.
 *
 * Not entered: cells, which only name accesses, and contexts, which belong to whoever runs.
 */
export class StateTree {
  /** By path, in the order in which they were reached. */
  readonly nodes: ReadonlyMap<string, StateNode>;
  /** By object: its path. */
  readonly paths: ReadonlyMap<object, string>;

  constructor(roots: Readonly<Record<string, object>>) {
    const nodes = new Map<string, StateNode>();
    const paths = new Map<object, string>();
    const open: Array<readonly [string, unknown]> = Object.entries(roots);
    // A queue, so that a path is a short one.
    for (let at = 0; at < open.length; at++) {
      const [path, value] = open[at]!;
      if (typeof value !== 'object' || value === null || paths.has(value)) continue;
      if (value instanceof CellSpace || value instanceof Context) continue;
      const live = ArrayBuffer.isView(value) ? wholeOf(value as TypedArray, paths) : value;
      paths.set(value, path);
      if (live === null) continue;
      const saved = savedOf(live);
      nodes.set(path, { live, saved });
      open.push(...innerOf(path, saved));
    }
    this.nodes = nodes;
    this.paths = paths;
  }

  /** Writes everything back to where it was. */
  restore(): void {
    for (const { live, saved } of this.nodes.values()) writeBack(live, saved);
  }
}

/** The whole of the buffer that a view is part of; null where it has been reached by another view. */
function wholeOf(view: TypedArray, paths: Map<object, string>): TypedArray | null {
  if (paths.has(view.buffer)) return null;
  paths.set(view.buffer, '');
  const { constructor } = view as unknown as { constructor: new (buffer: ArrayBufferLike) => TypedArray };
  return new constructor(view.buffer);
}

function savedOf(live: object): Saved {
  if (ArrayBuffer.isView(live)) return { kind: 'words', words: (live as TypedArray).slice() };
  if (Array.isArray(live)) return { kind: 'array', items: [...(live as unknown[])] };
  if (live instanceof Map) return { kind: 'map', entries: [...(live as Map<unknown, unknown>)] };
  if (live instanceof Set) return { kind: 'set', items: [...(live as Set<unknown>)] };
  if (isKeeper(live)) return { kind: 'kept', image: live.snapshot() };
  return { kind: 'fields', fields: Object.entries(live) };
}

/** What a node refers to, with paths. */
function innerOf(path: string, saved: Saved): Array<readonly [string, unknown]> {
  switch (saved.kind) {
    case 'array':
    case 'set':
      return saved.items.map((item, i) => [`${path}[${i}]`, item] as const);
    case 'map':
      return saved.entries.map(([key, value]) => [`${path}[${String(key)}]`, value] as const);
    case 'fields':
      return saved.fields.map(([field, value]) => [`${path}.${field}`, value] as const);
    default:
      return [];
  }
}

function writeBack(live: object, saved: Saved): void {
  switch (saved.kind) {
    case 'kept':
      (live as Keeper).restore(saved.image as never);
      return;
    case 'words':
      (live as TypedArray).set(saved.words);
      return;
    case 'array': {
      const items = live as unknown[];
      if (Object.isFrozen(items)) return;
      items.length = saved.items.length;
      for (const [i, item] of saved.items.entries()) items[i] = item;
      return;
    }
    case 'map': {
      const map = live as Map<unknown, unknown>;
      map.clear();
      for (const [key, value] of saved.entries) map.set(key, value);
      return;
    }
    case 'set': {
      const set = live as Set<unknown>;
      set.clear();
      for (const item of saved.items) set.add(item);
      return;
    }
    default: {
      const object = live as Record<string, unknown>;
      for (const [field, value] of saved.fields) if (object[field] !== value) object[field] = value;
    }
  }
}

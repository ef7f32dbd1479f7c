/** What a proxy tells, and asks, of the one who made it. */
export interface Eyes {
  /** An element of `container` is read or written. */
  readonly touch: (container: object, key: unknown, writes: boolean) => void;
  /** What to hand out in place of a value found under `key`. */
  readonly show: (value: unknown, key: unknown) => unknown;
  /** What a value that was handed out stands for. */
  readonly raw: (value: unknown) => unknown;
}

type Method = (...args: unknown[]) => unknown;
const INDEX = /^(?:0|[1-9]\d*)$/u;

/** Stands for all that says which elements there are. */
const ALL = 'length';

/** How methods of typed arrays write, by the range that their arguments name. */
const WRITTEN: Readonly<
  Record<string, (length: number, args: readonly unknown[]) => readonly [number, number]>
> = {
  fill: (length, [, from = 0, to = length]) => [Number(from), Number(to)],
  set: (_length, [source, at = 0]) => [Number(at), Number(at) + (source as ArrayLike<unknown>).length],
  copyWithin: (length) => [0, length],
  reverse: (length) => [0, length],
  sort: (length) => [0, length],
};
const READ: typeof WRITTEN = {
  slice: (length, [from = 0, to = length]) => [Number(from), Number(to)],
};

/**
 * A typed array whose elements are seen. Elements are those of the buffer, by byte: two views of one buffer touch
 * the same.
 */
export function typedArrayProxy(array: Int32Array, eyes: Eyes): object {
  const { buffer, byteOffset, BYTES_PER_ELEMENT: width } = array;
  const touch = (at: number, writes: boolean): void =>
    eyes.touch(buffer, (byteOffset + at * width) / width, writes);
  const range = ([from, to]: readonly [number, number], writes: boolean): void => {
    for (let at = from; at < to; at++) touch(at, writes);
  };
  const method =
    (name: string, does: Method): Method =>
    (...args) => {
      const plain = args.map((arg) => eyes.raw(arg));
      // A part of it is the same buffer, and seen when its elements are.
      if (name === 'subarray') return eyes.show(does.apply(array, plain), 'subarray');
      const writes = WRITTEN[name];
      if (writes !== undefined) range(writes(array.length, plain), true);
      else range((READ[name] ?? (() => [0, array.length] as const))(array.length, plain), false);
      return does.apply(array, plain);
    };
  return new Proxy(array, {
    get: (_target, key) => {
      if (typeof key === 'string' && INDEX.test(key)) {
        touch(Number(key), false);
        return array[Number(key)];
      }
      const value: unknown = Reflect.get(array, key);
      return typeof value === 'function' && key !== 'constructor'
        ? method(String(key), value as Method)
        : value;
    },
    set: (_target, key, value) => {
      if (typeof key === 'string' && INDEX.test(key)) touch(Number(key), true);
      return Reflect.set(array, key, value);
    },
  });
}

const keyOf = (key: string): unknown => (INDEX.test(key) ? Number(key) : key);

/** An array whose elements are seen, its length being one of them. */
export function arrayProxy(array: unknown[], eyes: Eyes): object {
  return new Proxy(array, {
    get: (_target, key, receiver) => {
      const value: unknown = Reflect.get(array, key, receiver);
      if (typeof key !== 'string' || (key !== ALL && !INDEX.test(key))) return value;
      eyes.touch(array, keyOf(key), false);
      return eyes.show(value, key);
    },
    set: (_target, key, value) => {
      if (typeof key === 'string') {
        eyes.touch(array, keyOf(key), true);
        if (INDEX.test(key) && Number(key) >= array.length) eyes.touch(array, ALL, true);
      }
      return Reflect.set(array, key, eyes.raw(value));
    },
    deleteProperty: (_target, key) => {
      if (typeof key === 'string') eyes.touch(array, keyOf(key), true);
      return Reflect.deleteProperty(array, key);
    },
  });
}

/** A map or set whose entries are seen; which entries there are is `size`, touched with each that comes or goes. */
export function collectionProxy(inner: Map<unknown, unknown> | Set<unknown>, eyes: Eyes): object {
  const change = (key: unknown, changes: boolean): void => {
    eyes.touch(inner, key, true);
    if (changes) eyes.touch(inner, 'size', true);
  };
  const map = inner as Map<unknown, unknown>;
  const methods: Record<string, Method> = {
    get: (key) => {
      eyes.touch(inner, eyes.raw(key), false);
      return eyes.show(map.get(eyes.raw(key)), key);
    },
    has: (key) => {
      eyes.touch(inner, eyes.raw(key), false);
      return inner.has(eyes.raw(key));
    },
    set: (key, value) => {
      change(eyes.raw(key), !inner.has(eyes.raw(key)));
      return map.set(eyes.raw(key), eyes.raw(value));
    },
    add: (key) => {
      change(eyes.raw(key), !inner.has(eyes.raw(key)));
      return (inner as Set<unknown>).add(eyes.raw(key));
    },
    delete: (key) => {
      change(eyes.raw(key), inner.has(eyes.raw(key)));
      return inner.delete(eyes.raw(key));
    },
    clear: () => {
      for (const key of inner.keys()) change(key, true);
      inner.clear();
    },
  };
  return new Proxy(inner, {
    get: (_target, key) => {
      const own = typeof key === 'string' ? methods[key] : undefined;
      if (own !== undefined) return own;
      // Whatever goes over all entries.
      eyes.touch(inner, 'size', false);
      for (const entry of inner.keys()) eyes.touch(inner, entry, false);
      const value: unknown = Reflect.get(inner, key, inner);
      return typeof value === 'function' ? (value as Method).bind(inner) : value;
    },
  });
}

import { CellSpace, Context } from '@mm/steps';

import { arrayProxy, collectionProxy, typedArrayProxy } from './proxies.js';

/** Told of each element that is touched: of which container, by which key, and how. */
export type Touch = (container: object, path: string, key: unknown, writes: boolean) => void;

type TypedArray = Int32Array;
const isTypedArray = (value: object): value is TypedArray =>
  ArrayBuffer.isView(value) && !(value instanceof DataView);

/**
 * Sees every access to what can be reached from some objects: fields become accessors, and arrays, typed arrays,
 * maps and sets are handed out as proxies. What is private to a class, or kept in a closure, is not reached.
 */
export class WatchedObjects {
  readonly #touch: Touch;
  /** What is handed out in place of a container, and back. */
  readonly #proxies = new WeakMap<object, object>();
  readonly #raw = new WeakMap<object, object>();
  readonly #watched = new Set<object>();
  readonly #fields: Array<{ object: object; key: string; value: () => unknown }> = [];

  constructor(touch: Touch) {
    this.#touch = touch;
  }

  /** Watches an object and all that it leads to. May be called again, for what is new. */
  watch(root: object, path: string): void {
    this.#open(root, path);
  }

  /** Puts all fields back as they were. */
  dispose(): void {
    for (const { object, key, value } of this.#fields)
      Object.defineProperty(object, key, {
        value: value(),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    this.#fields.length = 0;
    this.#watched.clear();
  }

  /** What stands for a value that is read: a proxy for a container, the value itself else. */
  #shown(value: unknown, path: string): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const known = this.#proxies.get(value);
    if (known !== undefined) return known;
    const proxy = this.#proxyOf(value, path);
    if (proxy === undefined) {
      this.#open(value, path);
      return value;
    }
    this.#proxies.set(value, proxy);
    this.#raw.set(proxy, value);
    return proxy;
  }

  #proxyOf(value: object, path: string): object | undefined {
    if (this.#raw.has(value)) return value;
    const eyes = {
      touch: (container: object, key: unknown, writes: boolean) => this.#touch(container, path, key, writes),
      show: (inner: unknown, key: unknown) =>
        this.#shown(
          inner,
          typeof key === 'number' || /^\d/u.test(String(key))
            ? `${path}[${String(key)}]`
            : `${path}.${String(key)}`,
        ),
      raw: (inner: unknown) => this.#unwrapped(inner),
    };
    if (isTypedArray(value)) return typedArrayProxy(value, eyes);
    if (Array.isArray(value)) return arrayProxy(value, eyes);
    if (value instanceof Map || value instanceof Set) return collectionProxy(value, eyes);
    return undefined;
  }

  #unwrapped(value: unknown): unknown {
    return typeof value === 'object' && value !== null ? (this.#raw.get(value) ?? value) : value;
  }

  #open(object: object, path: string): void {
    if (this.#watched.has(object) || object instanceof CellSpace || object instanceof Context) return;
    if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer || this.#raw.has(object)) return;
    this.#watched.add(object);
    for (const key of Object.keys(object)) {
      const field = Object.getOwnPropertyDescriptor(object, key)!;
      if (!('value' in field) || field.configurable !== true || typeof field.value === 'function') continue;
      if (field.writable === true) this.#watchField(object, key, field.value, path);
    }
  }

  #watchField(object: object, key: string, first: unknown, path: string): void {
    let value = this.#unwrapped(first);
    const inner = path === '' ? key : `${path}.${key}`;
    this.#fields.push({ object, key, value: () => value });
    Object.defineProperty(object, key, {
      enumerable: true,
      configurable: true,
      get: () => {
        this.#touch(object, path, key, false);
        return this.#shown(value, inner);
      },
      set: (next: unknown) => {
        this.#touch(object, path, key, true);
        value = this.#unwrapped(next);
      },
    });
  }
}

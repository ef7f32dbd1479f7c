import { PageFrames, PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { CellSpace } from '@mm/steps';

interface Fields {
  readonly object: Record<string, unknown>;
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
}

/**
 * The state of everything that can be reached from some objects through public fields, to bring back before each run:
 * typed arrays, fields, arrays, maps and sets. Logs are emptied. What a run may change must not be private, but for what
 * is filled on demand and has been (frames of all memory made, caches made).
 *
 * @example
 * const image = new WorldImage(pages, cache);
 * image.restore();
 */
export class WorldImage {
  readonly #buffers: Array<{ readonly live: Uint8Array; readonly saved: Uint8Array }> = [];
  readonly #fields: Fields[] = [];
  readonly #arrays: Array<{ readonly live: unknown[]; readonly saved: readonly unknown[] }> = [];
  readonly #maps: Array<{
    readonly live: Map<unknown, unknown>;
    readonly saved: ReadonlyMap<unknown, unknown>;
  }> = [];
  readonly #sets: Array<{ readonly live: Set<unknown>; readonly saved: ReadonlySet<unknown> }> = [];
  readonly #logs: KernelLog[] = [];

  constructor(...roots: readonly object[]) {
    const seen = new Set<object>();
    const open: unknown[] = [...roots];
    while (open.length > 0) {
      const value = open.pop();
      if (typeof value !== 'object' || value === null || seen.has(value)) continue;
      seen.add(value);
      if (ArrayBuffer.isView(value)) open.push(value.buffer);
      else open.push(...this.#note(value));
    }
  }

  /** Bytes of typed arrays that a {@link restore} copies. */
  get bytes(): number {
    return this.#buffers.reduce((sum, { live }) => sum + live.byteLength, 0);
  }

  /** Brings everything back. */
  restore(): void {
    for (const { live, saved } of this.#buffers) live.set(saved);
    for (const { object, keys, values } of this.#fields)
      for (let i = 0; i < keys.length; i++) if (object[keys[i]!] !== values[i]) object[keys[i]!] = values[i];
    for (const { live, saved } of this.#arrays) {
      live.length = saved.length;
      for (let i = 0; i < saved.length; i++) live[i] = saved[i];
    }
    for (const { live, saved } of this.#maps) {
      live.clear();
      for (const [key, value] of saved) live.set(key, value);
    }
    for (const { live, saved } of this.#sets) {
      live.clear();
      for (const value of saved) live.add(value);
    }
    for (const log of this.#logs) log.take();
  }

  /** Saves an object's own state; returns what it refers to. */
  #note(value: object): unknown[] {
    // Cells are claimed by what is made, and nothing is made after the world.
    if (value instanceof CellSpace) return [];
    if (value instanceof KernelLog) {
      this.#logs.push(value);
      return [];
    }
    if (value instanceof ArrayBuffer) {
      const live = new Uint8Array(value);
      this.#buffers.push({ live, saved: live.slice() });
      return [];
    }
    if (Array.isArray(value)) {
      if (!Object.isFrozen(value)) this.#arrays.push({ live: value, saved: [...value] });
      return value;
    }
    if (value instanceof Map) {
      this.#maps.push({ live: value, saved: new Map(value) });
      return [...value.keys(), ...value.values()];
    }
    if (value instanceof Set) {
      this.#sets.push({ live: value, saved: new Set(value) });
      return [...value];
    }
    if (value instanceof PageFrames) return this.#noteFrames(value);
    if (value instanceof PhysicalMemory) {
      // Chunk 0 stands for all that nobody has written to, and never changes.
      this.#arrays.push({ live: value.chunks, saved: [...value.chunks] });
      const { directory, chunks } = value;
      this.#fields.push({ object: value as never, keys: ['directory'], values: [directory] });
      // Without chunks it is the empty directory of all memories, which never changes either.
      return chunks.length === 1 ? [] : [directory, ...chunks.slice(1)];
    }
    const object = value as Record<string, unknown>;
    const keys = Object.keys(object);
    const values = keys.map((key) => object[key]);
    if (keys.length > 0 && !Object.isFrozen(object)) this.#fields.push({ object, keys, values });
    return values;
  }

  /** Frames have room for more sections than have been made: that need not be copied. */
  #noteFrames(frames: PageFrames): unknown[] {
    for (const value of Object.values(frames)) {
      if (!ArrayBuffer.isView(value)) continue;
      const array = value as Int32Array;
      const bytes = Math.min(array.length, frames.slotCount) * array.BYTES_PER_ELEMENT;
      const live = new Uint8Array(array.buffer, array.byteOffset, bytes);
      this.#buffers.push({ live, saved: live.slice() });
    }
    return [];
  }
}

import { type FramesImage, type MemoryImage, PageFrames, PhysicalMemory, diffMemory } from '@mm/memory';
import { checkInstance, checkInteger } from '@mm/printk';

import { MachineImage } from './machine-image.js';
import type { Saved, StateNode, StateTree } from './state-tree.js';

/** A difference between two states of a machine. */
export interface MachineChange {
  /** Where: `pages.areaFree[10]`, `frames.refcount[pfn 0x40010]`, `memory[0x40010000]`, `kmem.caches[7].cpu[3]`. */
  readonly path: string;
  /** A number, text or other plain value; of a reference `-> path`; undefined where there was nothing. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Names of the arrays of an image of frames, in its order. */
const FRAME_WORDS = ['flags', 'refcount', 'next', 'prev', 'owner0', 'owner1', 'owner2'];
const FRAME_BYTES = ['zone', 'spare'];

/**
 * What differs between two states of a machine, or of two machines made alike, at most `most` places.
 *
 * @throws OptionError for what is no image of a machine, and a `most` that is no integer from 0.
 * @example
 * const before = machine.snapshot();
 * machine.allocPages(GFP_KERNEL, 0);
 * for (const { path, before: was, after } of diffMachines(before, machine.snapshot())) console.log(path, was, after);
 */
export function diffMachines(before: MachineImage, after: MachineImage, most = 1000): MachineChange[] {
  const a = checkInstance('before', before, MachineImage).tree;
  const b = checkInstance('after', after, MachineImage).tree;
  checkInteger('most', most, 0, Number.MAX_SAFE_INTEGER);
  const changes = new Changes(a, b, most);
  for (const [path, node] of a.nodes) {
    const other = b.nodes.get(path);
    // What is only in one of them shows where it is referred to.
    if (other !== undefined) changes.ofNode(path, node, other);
    if (changes.found.length >= most) break;
  }
  return changes.found;
}

class Changes {
  readonly found: MachineChange[] = [];
  readonly #a: StateTree;
  readonly #b: StateTree;
  readonly #most: number;

  constructor(a: StateTree, b: StateTree, most: number) {
    this.#a = a;
    this.#b = b;
    this.#most = most;
  }

  ofNode(path: string, a: StateNode, b: StateNode): void {
    if (a.saved.kind !== 'kept' || b.saved.kind !== 'kept') this.#ofSaved(path, a.saved, b.saved);
    else if (a.live instanceof PhysicalMemory) this.#ofMemory(path, a.saved.image, b.saved.image);
    else if (a.live instanceof PageFrames) this.#ofFrames(path, a.saved.image, b.saved.image);
    else this.#ofValue(path, a.saved.image, b.saved.image);
  }

  #note(path: string, before: unknown, after: unknown): void {
    if (this.found.length < this.#most) this.found.push({ path, before, after });
  }

  #ofSaved(path: string, a: Saved, b: Saved): void {
    if (a.kind === 'words' && b.kind === 'words') this.#ofValue(path, a.words, b.words);
    else if (a.kind === 'set' && b.kind === 'set') this.#ofSets(path, a.items, b.items);
    else if ('items' in a && 'items' in b) this.#ofValue(path, a.items, b.items);
    else if (a.kind === 'map' && b.kind === 'map')
      this.#ofPairs(path, a.entries, b.entries, (key) => `[${String(key)}]`);
    else if (a.kind === 'fields' && b.kind === 'fields')
      this.#ofPairs(path, a.fields, b.fields, (key) => `.${String(key)}`);
  }

  #ofSets(path: string, a: readonly unknown[], b: readonly unknown[]): void {
    for (const item of a) if (!b.includes(item)) this.#note(path, this.#shown(this.#a, item), undefined);
    for (const item of b) if (!a.includes(item)) this.#note(path, undefined, this.#shown(this.#b, item));
  }

  #ofPairs(
    path: string,
    a: ReadonlyArray<readonly [unknown, unknown]>,
    b: ReadonlyArray<readonly [unknown, unknown]>,
    step: (key: unknown) => string,
  ): void {
    const before = new Map(a);
    const after = new Map(b);
    for (const key of new Set([...before.keys(), ...after.keys()]))
      this.#ofValue(path + step(key), before.get(key), after.get(key));
  }

  #ofMemory(path: string, a: unknown, b: unknown): void {
    for (const change of diffMemory(a as MemoryImage, b as MemoryImage, this.#most))
      for (const [i, word] of change.before.entries())
        this.#note(`${path}[0x${(change.addr + i * 4).toString(16)}]`, word, change.after[i]);
  }

  /** By page frame number where a slot has one: slots only say in which order frames were touched. */
  #ofFrames(path: string, a: unknown, b: unknown): void {
    const [before, after] = [a as FramesImage, b as FramesImage];
    const slots = Math.max(before.slots, after.slots);
    const names = [...FRAME_WORDS, ...FRAME_BYTES];
    const [left, right] = [before, after].map((image) => [...image.words, ...image.bytes]);
    for (let slot = 0; slot < slots; slot++) {
      const section = after.sectionPfn[slot >> 10] ?? before.sectionPfn[slot >> 10] ?? -1;
      const where = section < 0 ? `slot ${slot}` : `pfn 0x${(section + (slot & 1023)).toString(16)}`;
      for (const [i, name] of names.entries()) {
        const [was, is] = [left![i]![slot] ?? 0, right![i]![slot] ?? 0];
        if (was !== is) this.#note(`${path}.${name}[${where}]`, was, is);
      }
    }
  }

  #ofValue(path: string, a: unknown, b: unknown): void {
    if (Object.is(a, b)) return;
    if (isList(a) && isList(b) && this.#isContent(a) && this.#isContent(b)) {
      for (let i = 0; i < Math.max(a.length, b.length); i++)
        if (!Object.is(a[i], b[i])) this.#ofValue(`${path}[${i}]`, a[i], b[i]);
      return;
    }
    if (isPlain(a) && isPlain(b) && this.#isContent(a) && this.#isContent(b)) {
      this.#ofPairs(path, Object.entries(a), Object.entries(b), (key) => `.${String(key)}`);
      return;
    }
    const [before, after] = [this.#shown(this.#a, a), this.#shown(this.#b, b)];
    if (!Object.is(before, after)) this.#note(path, before, after);
  }

  /** Not a node of its own, which is compared where it stands. */
  #isContent(value: object): boolean {
    return !this.#a.paths.has(value) && !this.#b.paths.has(value);
  }

  #shown(tree: StateTree, value: unknown): unknown {
    if (typeof value === 'function') return 'a function';
    if (typeof value !== 'object' || value === null) return value;
    const path = tree.paths.get(value);
    if (path !== undefined) return `-> ${path}`;
    if (isPlain(value) || isList(value)) return JSON.stringify(value);
    return (value as object).constructor.name;
  }
}

const isList = (value: unknown): value is ArrayLike<unknown> & object =>
  Array.isArray(value) || ArrayBuffer.isView(value);

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

import { type MemoryImage, PhysicalMemory, hashMemory } from '@mm/memory';
import { checkInstance } from '@mm/printk';

import { MachineImage } from './machine-image.js';
import type { Saved, StateNode, StateTree } from './state-tree.js';

/** Two sums of 32 bits, stirred differently. */
class Hash {
  #low = 0x811c9dc5;
  #high = 0x9dc5811c;

  word(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x01000193);
    this.#high = Math.imul(this.#high ^ (word >>> 7) ^ this.#low, 0x85ebca6b);
  }

  text(text: string): void {
    this.word(text.length);
    for (let i = 0; i < text.length; i++) this.word(text.charCodeAt(i));
  }

  number(value: number): void {
    if ((value | 0) === value) this.word(value);
    else this.text(String(value));
  }

  get value(): number {
    return (this.#high >>> 12) * 2 ** 32 + (this.#low >>> 0);
  }
}

/**
 * A number that stands for all of a machine's state: machines in equal states, reached in the same order, have equal
 * hashes, and different states different ones but for one pair in 2^52. Bytes count by what they are, touched or not.
 *
 * @throws OptionError for what is no image of a machine.
 * @example
 * const before = hashMachine(machine.snapshot());
 * @see MachineImage
 */
export function hashMachine(image: MachineImage): number {
  const { tree } = checkInstance('image', image, MachineImage);
  const hash = new Hash();
  for (const [path, node] of tree.nodes) {
    hash.text(path);
    hashNode(hash, tree, node);
  }
  return hash.value;
}

function hashNode(hash: Hash, tree: StateTree, { live, saved }: StateNode): void {
  if (saved.kind !== 'kept') hashSaved(hash, tree, saved);
  else if (live instanceof PhysicalMemory) hash.number(hashMemory(saved.image as MemoryImage));
  else hashValue(hash, tree, saved.image);
}

function hashSaved(hash: Hash, tree: StateTree, saved: Exclude<Saved, { kind: 'kept' }>): void {
  switch (saved.kind) {
    case 'words':
      hashValue(hash, tree, saved.words);
      break;
    case 'array':
    case 'set':
      hashValue(hash, tree, saved.items);
      break;
    default:
      for (const [key, value] of saved.kind === 'map' ? saved.entries : saved.fields) {
        hashValue(hash, tree, key);
        hashValue(hash, tree, value);
      }
  }
}

function hashValue(hash: Hash, tree: StateTree, value: unknown): void {
  if (typeof value === 'number') hash.number(value);
  else if (typeof value === 'object' && value !== null) hashObject(hash, tree, value);
  else if (typeof value !== 'function') hash.text(String(value));
}

/** A node of its own counts by its path; what an image holds, by its content. */
function hashObject(hash: Hash, tree: StateTree, value: object): void {
  const path = tree.paths.get(value);
  if (path !== undefined) hash.text(path);
  else if (ArrayBuffer.isView(value)) {
    const words = value as Int32Array;
    hash.word(words.length);
    for (let i = 0; i < words.length; i++) hash.number(words[i]!);
  } else if (Array.isArray(value)) {
    hash.word(value.length);
    for (const item of value) hashValue(hash, tree, item);
  } else if (Object.getPrototypeOf(value) === Object.prototype)
    for (const [key, inner] of Object.entries(value)) {
      hash.text(key);
      hashValue(hash, tree, inner);
    }
}

import { ModelViolation } from '../model-violation.js';

/** Somebody who asked for a cache, and what they may expect of its objects. */
export interface CacheUser {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly align: number;
  /** Objects lie below this address. */
  readonly below: number;
  /** The word that the constructor writes into the first bytes; 0: none. */
  readonly constructed: number;
}

/** An object that somebody holds. `stamp` stands in its last whole word, and in its first unless a constructor wrote there. */
export interface LiveObject {
  readonly address: number;
  readonly user: CacheUser;
  readonly size: number;
  readonly stamp: number;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Slab caches as their users may think of them: objects that are held, none overlapping another.
 *
 *   live objects are disjoint;   object address mod alignment = 0;   object end <= the user's limit
 * @example
 * const model = new ObjectModel();
 */
export class ObjectModel {
  readonly live: LiveObject[] = [];
  /** Spans of live objects by 4 KiB page. */
  readonly #spans = new Map<number, Span[]>();
  #stamps = 0;

  /** An object was handed out. @throws ModelViolation when it must not have been. */
  allocated(address: number, user: CacheUser, size: number): LiveObject {
    if (address % user.align !== 0)
      throw new ModelViolation('an object is aligned as its cache says', `${hex(address)} of ${user.name}`);
    if (address + size > user.below)
      throw new ModelViolation(
        `objects of a cache made for DMA lie below ${hex(user.below)}`,
        `${hex(address)} of ${user.name}`,
      );
    this.#stamps = (this.#stamps + 1) | 0;
    const object = { address, user, size, stamp: this.#stamps };
    this.#hold(object);
    return object;
  }

  /** Takes an object out: its owner is about to free it. `at` is any integer from 0. */
  release(at: number): LiveObject {
    const index = at % this.live.length;
    const object = this.live[index]!;
    const last = this.live.pop()!;
    if (object !== last) this.live[index] = last;
    this.#forget(object);
    return object;
  }

  /** Puts back an object that was taken out: it was not freed after all. */
  kept(object: LiveObject): void {
    this.#hold(object);
  }

  /** Takes out all objects of a user. */
  releaseAll(user: CacheUser): LiveObject[] {
    const theirs: LiveObject[] = [];
    for (let i = this.live.length - 1; i >= 0; i--)
      if (this.live[i]!.user === user) theirs.push(this.release(i));
    return theirs;
  }

  #hold(object: LiveObject): void {
    const { address, user, size } = object;
    const end = address + size;
    for (let page = Math.floor(address / 4096); page * 4096 < end; page++) {
      const spans = this.#spans.get(page);
      if (spans === undefined) {
        this.#spans.set(page, [{ start: address, end }]);
        continue;
      }
      const other = spans.find((span) => span.start < end && address < span.end);
      if (other !== undefined)
        throw new ModelViolation(
          'no live object overlaps another',
          `${hex(address)} of ${user.name} and ${hex(other.start)}, each ${size} bytes`,
        );
      spans.push({ start: address, end });
    }
    this.live.push(object);
  }

  #forget({ address, size }: LiveObject): void {
    for (let page = Math.floor(address / 4096); page * 4096 < address + size; page++) {
      const spans = this.#spans.get(page)!;
      const at = spans.findIndex((span) => span.start === address);
      const last = spans.pop()!;
      if (at < spans.length) spans[at] = last;
      if (spans.length === 0) this.#spans.delete(page);
    }
  }
}

const hex = (address: number): string => `0x${address.toString(16)}`;

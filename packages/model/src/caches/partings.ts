import type { AnyCache } from '@mm/machine';

/**
 * Caches that their users give up, and objects that come back to them with no user left. Whoever destroys a cache must have
 * ended its use: while one user gives it up, no object that was left in it is freed, and the other way round.
 * @example
 * const partings = new Partings();
 * partings.begin(cache);
 * partings.startsReturn(cache); // false
 */
export class Partings {
  /** A cache stands here once for each user that is giving it up now. */
  readonly #leaving: AnyCache[] = [];
  /** A cache stands here once for each object without a user that is coming back now. */
  readonly #returning: AnyCache[] = [];

  /** One more user gives the cache up, unless an object that was left in it is just coming back. */
  begin(cache: AnyCache): boolean {
    if (this.#returning.includes(cache)) return false;
    this.#leaving.push(cache);
    return true;
  }

  /** The user has given it up. Returns whether nobody else is about to: the cache is then what its references say. */
  end(cache: AnyCache): boolean {
    this.#leaving.splice(this.#leaving.indexOf(cache), 1);
    return !this.#leaving.includes(cache);
  }

  /** An object that was left in the cache comes back, unless the cache is just being given up. */
  startsReturn(cache: AnyCache): boolean {
    if (this.#leaving.includes(cache)) return false;
    this.#returning.push(cache);
    return true;
  }

  /** The object has come back. */
  endsReturn(cache: AnyCache): void {
    this.#returning.splice(this.#returning.indexOf(cache), 1);
  }
}

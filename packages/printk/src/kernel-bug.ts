/** What a bug report knows: numbers as the kernel would print them, names as text. */
export type BugFacts = Readonly<Record<string, string | number | null>>;

/**
 * Thrown where the kernel would oops, `BUG()` or lock up. The facts hold the object, cache and page
 * concerned, so that a test can look at them.
 *
 * @example
 * throw new KernelBug('double free in a frozen slab', { cache: 'dentry', object: 0x1000 });
 */
export class KernelBug extends Error {
  override readonly name = 'KernelBug';
  readonly facts: BugFacts;

  constructor(what: string, facts: BugFacts = {}) {
    const list = Object.entries(facts).map(
      ([key, value]) => `${key} ${typeof value === 'number' ? `0x${value.toString(16)}` : value}`,
    );
    super(list.length === 0 ? what : `${what} (${list.join(', ')})`);
    this.facts = facts;
  }
}

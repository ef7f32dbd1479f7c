import type { Hunt } from './hunt/hunt.js';

/** What a bug is made of: sequential logic, interleaving, flag mask, accounting, lifetime. */
export type MutantKind = 'logic' | 'interleaving' | 'flags' | 'accounting' | 'lifetime';

/** A change of one source file: `find` stands there exactly once. */
export interface Edit {
  /** Path from the root of the project, of the source as it is written (of stepped code, not erased). */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/**
 * A bug from history, or one that a slip would make. It is an edit of the source, or a configuration in which the code as it
 * stands has the bug (then without edits), or it names what is missing for it to be expressed.
 */
export interface Mutant {
  /** Its number in the series' catalogue, or a name of ours. */
  readonly id: string;
  /** Where it comes from: a version, a commit, a review; `ours` for a line of a fast path. */
  readonly history: string;
  /** Where to read about it. */
  readonly link?: string;
  readonly kind: MutantKind;
  /** What goes wrong, in a line. */
  readonly mechanism: string;
  /** The invariants that may break first; one of them is expected. */
  readonly breaks: readonly string[];
  readonly edits: readonly Edit[];
  readonly hunts: readonly Hunt[];
  /** Why it cannot be expressed yet. Then it has neither edits nor hunts. */
  readonly missing?: string;
}

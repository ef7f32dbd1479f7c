/** Where what we do differs from what Linux did. */
export interface Mismatch {
  /** What differs: `ops[12] p`, `after.DMA32.free[3,1][4]`. */
  readonly path: string;
  /** What Linux did. */
  readonly expected: unknown;
  /** What we did. */
  readonly actual: unknown;
}

/**
 * One thing to time. `prepare` builds its state and returns the loop that is timed.
 *
 * @example
 * { name: 'order 0, alternating', prepare: () => {
 *   const machine = createMachine(options);
 *   return (n) => { let sum = 0; for (let i = 0; i < n; i++) sum += pair(machine); return sum; };
 * }, per: 'floor, order 0', goal: 5 }
 */
export interface BenchCase {
  /** Unique within the suite. */
  readonly name: string;
  /** Returns a function that does `n` operations; what it returns keeps the work alive. A promise is waited for. */
  readonly prepare: () => ((n: number) => unknown) | Promise<(n: number) => unknown>;
  /** The name of the case of this suite that this one is divided by. Without it: no ratio. */
  readonly per?: string;
  /** The ratio (or, without `per`, the nanoseconds) hoped for at most. Printed, never enforced. */
  readonly goal?: number;
}

/** The default export of a file `tools/bench/src/<name>.bench.ts`. */
export interface BenchSuite {
  /** What one operation is: "an allocation and its free", "a step". */
  readonly operation: string;
  readonly cases: readonly BenchCase[];
  /** Lines printed below the table: sizes in bytes, start-up times and other figures measured once. */
  readonly notes?: () => readonly string[];
}

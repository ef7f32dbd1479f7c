import { expected } from './expected.js';

/**
 * A small, fast generator of random 32-bit integers (sfc32). One seed gives one sequence, everywhere.
 *
 * @example
 * const random = new Random(42);
 * random.below(6); // 0..5
 */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  /** @param seed any integer; its low 32 bits count. @throws RangeError for anything else. */
  constructor(seed: number) {
    this.reseed(seed);
  }

  /** Starts the sequence of `seed` over. */
  reseed(seed: number): void {
    if (!Number.isInteger(seed)) throw expected('seed', 'an integer', seed);
    this.#a = seed | 0;
    this.#b = 0x9e3779b9 | 0;
    this.#c = 0x243f6a88;
    this.#d = 1;
    // Close seeds give like sequences at first: 12 rounds mix them.
    for (let i = 0; i < 12; i++) this.next();
  }

  /** The next 32 bits, as a signed integer. */
  next(): number {
    const b = this.#b;
    const c = this.#c;
    const d = this.#d;
    const sum = (((this.#a + b) | 0) + d) | 0;
    this.#d = (d + 1) | 0;
    this.#a = b ^ (b >>> 9);
    this.#b = (c + (c << 3)) | 0;
    this.#c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum;
  }

  /** An integer in 0..bound-1, for a bound from 1 to 2^20 (the bias stays below 2^-11), which is not checked. */
  below(bound: number): number {
    return ((this.next() >>> 1) % bound) | 0;
  }
}

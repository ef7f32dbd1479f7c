import { type KernelLog, LogLevel, OptionError, checkInteger, checkObject, checkText } from '@mm/printk';

/** How often something fails on purpose. */
export interface FaultRate {
  /** How likely each fails, in percent, 0..100. Default 100. */
  readonly probability?: number;
  /** Of those that may fail, every so manieth does; 0 is as 1. Default 1. */
  readonly interval?: number;
  /** How many fail at most; -1: no limit. Default -1. */
  readonly times?: number;
  /** What is allocated first, before any fails: pages where pages fail, bytes where objects do. Default 0. */
  readonly space?: number;
  /** Seed of the chance, 0..2^32-1. Default 1. */
  readonly seed?: number;
  /** From 1 on each failure is said in the log, 0..2; 2 adds a call stack, which there is none here. Default 0: the kernel's own default is 2. */
  readonly verbose?: number;
}

/** How far a {@link FaultAttr} is at one moment. Opaque: made by `snapshot()`. */
export interface FaultImage {
  readonly failed: number;
  readonly left: number;
  readonly space: number;
  readonly count: number;
  readonly random: number;
}

/**
 * Decides which of many requests fail, by the kernel's attributes; what kind of request may fail at all its owner knows.
 *
 * @example
 * const attr = new FaultAttr({ interval: 3 });
 * [attr.fails(64), attr.fails(64), attr.fails(64)]; // [false, false, true]
 * @see linux 6.1 lib/fault-inject.c should_fail_ex
 */
export class FaultAttr {
  readonly rate: Required<FaultRate>;
  /** Failures so far. */
  failed = 0;
  #left: number;
  #space: number;
  #count = 0;
  #random: number;

  /** @throws OptionError naming the attribute. */
  constructor(rate: FaultRate = {}) {
    checkObject('rate', rate, 'an object of attributes');
    const { probability = 100, interval = 1, times = -1, space = 0, seed = 1, verbose = 0 } = rate;
    checkInteger('probability', probability, 0, 100);
    checkInteger('interval', interval, 0, 2 ** 31 - 1);
    checkInteger('times', times, -1, 2 ** 31 - 1);
    checkInteger('space', space, 0, Number.MAX_SAFE_INTEGER);
    checkInteger('seed', seed, 0, 2 ** 32 - 1);
    checkInteger('verbose', verbose, 0, 2);
    this.rate = { probability, interval, times, space, seed, verbose };
    this.#left = times;
    this.#space = space;
    this.#random = seed | 0 || 1;
  }

  /**
   * Whether a request of `size` that may fail is to fail now; in the unit of `space`. With `verbose` that is said, under `name`, in
   * `log`; null: in none, as for requests with __GFP_NOWARN.
   * @throws OptionError when `size` is not an integer from 0.
   */
  fails(size: number, name = '', log: KernelLog | null = null): boolean {
    checkInteger('size', size, 0, Number.MAX_SAFE_INTEGER);
    const { probability, interval } = this.rate;
    if (probability === 0 || this.#left === 0) return false;
    if (this.#space > size) {
      this.#space -= size;
      return false;
    }
    if (interval > 1 && ++this.#count % interval !== 0) return false;
    if (probability <= this.#chance()) return false;
    this.failed++;
    if (log !== null && this.rate.verbose > 0) this.#dump(name, log);
    if (this.#left > 0) this.#left--;
    return true;
  }

  /** How far it is, to {@link restore} later. */
  snapshot(): FaultImage {
    return {
      failed: this.failed,
      left: this.#left,
      space: this.#space,
      count: this.#count,
      random: this.#random,
    };
  }

  /**
   * Brings back what {@link snapshot} returned.
   * @throws OptionError for what is no image; nothing has changed then.
   */
  restore(image: FaultImage): void {
    checkObject('image', image, 'what snapshot() returned');
    const { failed, left, space, count, random } = image;
    for (const [field, value] of Object.entries({ failed, left, space, count, random }))
      checkInteger(`image.${field}`, value, -(2 ** 31), Number.MAX_SAFE_INTEGER);
    this.failed = failed;
    this.#left = left;
    this.#space = space;
    this.#count = count;
    this.#random = random;
  }

  /** Says what is left before this failure counts. @see linux 6.1 lib/fault-inject.c fail_dump */
  #dump(name: string, log: KernelLog): void {
    const { interval, probability } = this.rate;
    const rate = `interval ${interval}, probability ${probability}, space ${this.#space}, times ${this.#left}`;
    log.write(LogLevel.notice, `FAULT_INJECTION: forcing a failure.\nname ${name}, ${rate}`);
  }

  /** 0..99, by xorshift. */
  #chance(): number {
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    return (this.#random >>> 0) % 100;
  }
}

/**
 * A rate as the kernel's boot parameters `fail_page_alloc=` and `failslab=` give it: interval, probability in percent, space, times.
 *
 * @param field what to call the text in an error.
 * @throws OptionError for any other text, and for attributes out of range.
 * @example
 * parseFaultRate('10,100,0,-1', 'failslab'); // every tenth fails
 * @see linux 6.1 lib/fault-inject.c setup_fault_attr
 */
export function parseFaultRate(text: string, field: string): FaultRate {
  checkText('field', field);
  const match = typeof text === 'string' ? /^(\d+),(\d+),(\d+),(-?\d+)$/u.exec(text) : null;
  if (match === null)
    throw new OptionError(field, 'interval,probability,space,times, such as 10,100,0,-1', text);
  const [interval, probability, space, times] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  try {
    return new FaultAttr({ interval, probability, space, times }).rate;
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new OptionError(`${field} ${error.field}`, error.expected, error.value);
  }
}

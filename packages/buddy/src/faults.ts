import { OptionError, checkBoolean, checkFlags, checkInteger, checkObject } from '@mm/printk';

/** When allocations of pages fail although there is memory. */
export interface FaultAttributes {
  /** How likely each fails, in percent, 0..100. Default 100. */
  readonly probability?: number;
  /** Of those that may fail, every so manieth does; from 1. Default 1. */
  readonly interval?: number;
  /** How many fail at most; -1: no limit. Default -1. */
  readonly times?: number;
  /** Bytes that are allocated first, before any fails. Default 0. */
  readonly space?: number;
  /** Blocks below this order do not fail, 0..10. Default 0: the kernel's own default is 1. */
  readonly minOrder?: number;
  /** Those that may wait do not fail. Default false: the kernel's own default is true. */
  readonly ignoreGfpWait?: boolean;
  /** Seed of the chance, 0..2^32-1. Default 1. */
  readonly seed?: number;
}

/** How far a PageFaults is at one moment. Opaque: made by `snapshot()`. */
export interface FaultsImage {
  readonly failed: number;
  readonly left: number;
  readonly space: number;
  readonly count: number;
  readonly random: number;
}

const ATTRIBUTES = ['probability', 'interval', 'times', 'space', 'minOrder', 'ignoreGfpWait', 'seed'];
const DIRECT_RECLAIM = 0x400;
const NOFAIL = 0x8000;

/**
 * Decides which allocations of pages fail, by the kernel's attributes. Set it as `pages.faults` and call `updateFloors(pages)`: the
 * fast path is then not taken, and costs nothing where there are no faults.
 *
 * @example
 * machine.pages.faults = new PageFaults({ interval: 10, times: 3 }); // the 10th, 20th and 30th
 * updateFloors(machine.pages);
 * @see linux 6.1 lib/fault-inject.c should_fail_ex, mm/page_alloc.c __should_fail_alloc_page
 */
export class PageFaults {
  readonly attributes: Required<FaultAttributes>;
  /** Failures so far. */
  failed = 0;
  #left: number;
  #space: number;
  #count = 0;
  #random: number;

  /** @throws OptionError naming the attribute. */
  constructor(attributes: FaultAttributes = {}) {
    checkObject('attributes', attributes, 'an object of attributes');
    for (const key of Object.keys(attributes))
      if (!ATTRIBUTES.includes(key)) throw new OptionError(key, `one of ${ATTRIBUTES.join(', ')}`, key);
    const { probability = 100, interval = 1, times = -1, space = 0, minOrder = 0, seed = 1 } = attributes;
    const { ignoreGfpWait = false } = attributes;
    checkBoolean('ignoreGfpWait', ignoreGfpWait);
    checkInteger('probability', probability, 0, 100);
    checkInteger('interval', interval, 1, 2 ** 31 - 1);
    checkInteger('times', times, -1, 2 ** 31 - 1);
    checkInteger('space', space, 0, Number.MAX_SAFE_INTEGER);
    checkInteger('minOrder', minOrder, 0, 10);
    checkInteger('seed', seed, 0, 2 ** 32 - 1);
    this.attributes = { probability, interval, times, space, minOrder, ignoreGfpWait, seed };
    this.#left = times;
    this.#space = space;
    this.#random = seed | 0 || 1;
  }

  /**
   * Whether the allocation that is asked for now is to fail.
   * @throws OptionError when `gfp` is not an integer of 32 bits, or `order` not 0..10.
   */
  shouldFail(gfp: number, order: number): boolean {
    checkFlags('gfp', gfp);
    checkInteger('order', order, 0, 10);
    const { probability, interval, minOrder, ignoreGfpWait } = this.attributes;
    if (order < minOrder || (gfp & NOFAIL) !== 0) return false;
    if (ignoreGfpWait && (gfp & DIRECT_RECLAIM) !== 0) return false;
    if (probability === 0 || this.#left === 0) return false;
    const bytes = 4096 * 2 ** order;
    if (this.#space > bytes) {
      this.#space -= bytes;
      return false;
    }
    if (interval > 1 && ++this.#count % interval !== 0) return false;
    if (probability <= this.#chance()) return false;
    this.failed++;
    if (this.#left > 0) this.#left--;
    return true;
  }

  /** How far it is, to {@link restore} later. */
  snapshot(): FaultsImage {
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
  restore(image: FaultsImage): void {
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

  /** 0..99, by xorshift. */
  #chance(): number {
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    return (this.#random >>> 0) % 100;
  }
}

/**
 * Attributes as the kernel's boot parameter `fail_page_alloc=` gives them: interval, probability in percent, space in bytes, times.
 *
 * @throws OptionError for any other text.
 * @example
 * parseFaults('10,100,0,-1'); // every tenth allocation fails
 * @see linux 6.1 lib/fault-inject.c setup_fault_attr
 */
export function parseFaults(text: string): FaultAttributes {
  const match = typeof text === 'string' ? /^(\d+),(\d+),(\d+),(-?\d+)$/u.exec(text) : null;
  if (match === null)
    throw new OptionError('faults', 'interval,probability,space,times, such as 10,100,0,-1', text);
  const [interval, probability, space, times] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return { interval, probability, space, times };
}

import { type PhysAddr, PhysicalMemory } from '@mm/memory';
import { OptionError, checkBoolean, checkFlags, checkInstance, checkInteger, checkObject } from '@mm/printk';
import type { Context } from '@mm/steps';

import type { PlainTableSource } from './table-source.js';
import { GFP_DMA, GFP_DMA32 } from './table-gfp.js';

/** Where an {@link ArenaTableSource} places tables: whole regions of memory, in bytes. */
export interface ArenaRegion {
  readonly start: number;
  readonly end: number;
}

/**
 * The smallest source: tables from a region of its own below 4 GiB, or, for a gfp without DMA and DMA32,
 * from a second one. Tables given back are used again first. For tests, and for playing recordings.
 *
 * @example
 * const source = new ArenaTableSource(memory, { start: 0x40000000, end: 0x44000000 });
 */
export class ArenaTableSource implements PlainTableSource {
  readonly kind = 'plain';
  /** Level 2 tables that may still be taken, those given back included; `null` for no limit. */
  l2Left: number | null = null;
  /** Level 2 tables alive. */
  l2Alive = 0;
  readonly #memory: PhysicalMemory;
  readonly #regions: readonly [ArenaRegion, ArenaRegion];
  readonly #next: [number, number];
  readonly #free: [number[], number[]] = [[], []];
  readonly #anywhere: boolean;

  /**
   * With `anywhere` level 2 tables too come from the second region, as a cache without DMA flags would give.
   * @throws OptionError for what is no memory or no region.
   */
  constructor(memory: PhysicalMemory, low: ArenaRegion, normal: ArenaRegion = low, anywhere = false) {
    checkInstance('memory', memory, PhysicalMemory);
    for (const region of [low, normal]) {
      checkObject('region', region, 'an object with start and end');
      checkInteger('region.start', region.start, 0, Number.MAX_SAFE_INTEGER);
      checkInteger('region.end', region.end, region.start, Number.MAX_SAFE_INTEGER);
      if (region.start % 4096 !== 0)
        throw new OptionError('region.start', 'a multiple of 4096', region.start);
    }
    checkBoolean('anywhere', anywhere);
    this.#memory = memory;
    this.#regions = [low, normal];
    this.#next = [low.start, normal.start];
    this.#anywhere = anywhere;
  }

  #bump(region: number, bytes: number): number | null {
    const addr = Math.ceil(this.#next[region]! / bytes) * bytes;
    if (addr + bytes > this.#regions[region]!.end) return null;
    this.#next[region] = addr + bytes;
    return addr;
  }

  #zero(addr: number, bytes: number): void {
    const pfn = Math.floor(addr / 4096);
    for (let done = 0; done < bytes; done += 4096) {
      const first = this.#memory.wordIndexOf(pfn + done / 4096) + ((addr & 4095) >> 2);
      this.#memory.wordsOf(pfn + done / 4096).fill(0, first, first + Math.min(1024, bytes / 4));
    }
  }

  allocL1(_ctx: Context, bytes: number, gfp: number): PhysAddr | null {
    checkInteger('bytes', bytes, 1, 2 ** 31);
    checkFlags('gfp', gfp);
    const addr = this.#bump((gfp & (GFP_DMA | GFP_DMA32)) !== 0 ? 0 : 1, bytes);
    if (addr !== null) this.#zero(addr, bytes);
    return addr as PhysAddr | null;
  }

  freeL1(): void {}

  allocL2(): PhysAddr | null {
    if (this.l2Left !== null && this.l2Left <= 0) return null;
    const region = this.#anywhere ? 1 : 0;
    const addr = this.#free[region]!.pop() ?? this.#bump(region, 1024);
    if (addr === null) return null;
    this.#zero(addr, 1024);
    if (this.l2Left !== null) this.l2Left--;
    this.l2Alive++;
    return addr as PhysAddr;
  }

  freeL2(_ctx: Context, addr: PhysAddr): void {
    checkInteger('addr', addr, 0, Number.MAX_SAFE_INTEGER);
    this.#free[this.#anywhere ? 1 : 0]!.push(addr);
    if (this.l2Left !== null) this.l2Left++;
    this.l2Alive--;
  }
}

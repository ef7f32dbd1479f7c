import {
  PcpWord,
  ZONE_WORDS,
  ZoneWord,
  allocPages,
  applySizes,
  drainPagesZone,
  freePages,
  freePagesOf,
  pcpAt,
  releaseRange,
  updateFloors,
} from '@mm/buddy';
import type { Machine } from '@mm/machine';
import { Watermark, type ZoneName } from '@mm/zones';

/** Flags that reach a zone first: no waiting, no warning, below the watermarks if need be. */
const FIRST_ZONE: Readonly<Record<string, number>> = { DMA: 0x2821, DMA32: 0x2824, Normal: 0x2820 };
const MOVABLE = 0x8;
/** Pages that no zone has. */
const OUT_OF_REACH = 2 ** 29;
/** The least order that does not come from the lists of a CPU, which a recorded kernel's other users did not touch either. */
const PAST_CPU_LISTS = 4;

/** What a recording shows of a zone: name, free pages, watermarks, reserves. */
export type ShownZone = readonly [
  name: string,
  free: number,
  wmark: readonly number[],
  reserve: readonly number[],
];

/** Pages that are out of the allocator's hands. */
interface Held {
  readonly pfn: number;
  readonly order: number;
}

/**
 * What else takes and gives pages on a recorded machine: those who hold memory when the recording starts, the blocks that
 * steps take away, and kswapd.
 *
 *   free pages of a zone = what the last state shows - what steps took since then
 */
export class ZoneSupply {
  readonly machine: Machine;
  readonly #taken: Held[] = [];
  /** By zone. */
  readonly #others: Held[][];
  readonly #wakeups: number[];

  constructor(machine: Machine) {
    this.machine = machine;
    this.#others = machine.zones.names.map(() => []);
    this.#wakeups = machine.zones.names.map(() => 0);
    // When a watermark is boosted hangs on which pageblocks are mixed. The player says it.
    machine.pages.watermarkBoostFactor = 0;
  }

  /** Free pages as the kernel counts them, without what CPUs have not yet added. */
  free(zone: number): number {
    return freePagesOf(this.machine.pages, zone);
  }

  /** Takes `count` blocks of a zone; false when it has not so many. */
  take(zone: string, order: number, count: number): boolean {
    for (let i = 0; i < count; i++) {
      const pfn = this.#block(this.#zone(zone), order, FIRST_ZONE[zone]!);
      if (pfn === null) return false;
      this.#taken.push({ pfn, order });
    }
    return true;
  }

  /** Gives back what steps took. */
  giveBack(): void {
    const { ctx } = this.machine.on(0);
    for (const { pfn, order } of this.#taken.splice(0)) freePages(ctx, this.machine.pages, pfn, order);
  }

  /** Sizes and free pages become what the recording shows, which depends on what else runs there. */
  bringTo(shown: readonly ShownZone[]): void {
    const { zones, pages } = this.machine;
    for (const [z, [, , wmark, reserve]] of shown.entries()) {
      zones.wmark.set(wmark, z * 4);
      zones.lowmemReserve.set(reserve, z * zones.count);
      // Without percpu_pagelist_high_fraction, a CPU's lists may hold as many pages as the low watermark.
      const high = Math.floor(wmark[Watermark.low]! / pages.cpus);
      if (zones.managed[z]! > 0) zones.pcpHigh[z] = Math.max(high, 4 * zones.pcpBatch[z]!);
    }
    applySizes(pages);
    for (const [z, [, free]] of shown.entries()) {
      if (free > this.free(z)) this.#kswapdRan(z);
      if (free > this.free(z)) this.#othersGive(z, free - this.free(z));
      else this.#othersTake(z, this.free(z) - free);
      this.#wakeups[z] = this.#woken(z);
    }
  }

  #zone(name: string): number {
    return this.machine.zones.names.indexOf(name as ZoneName);
  }

  #woken(zone: number): number {
    return this.machine.pages.zoneState[zone * ZONE_WORDS + ZoneWord.kswapdWakeups]!;
  }

  /**
   * Where kswapd was woken and got pages, compaction followed it and emptied the lists of the CPUs; with so many pages moved, no
   * CPU's part of the counter is left out of it.
   */
  #kswapdRan(zone: number): void {
    const { machine } = this;
    const { pages } = machine;
    if (this.#woken(zone) === this.#wakeups[zone]) return;
    for (let cpu = 0; cpu < machine.cpus; cpu++) {
      const at = pcpAt(cpu, zone);
      if (pages.pcpState[at + PcpWord.count] !== 0) drainPagesZone(machine.on(cpu).ctx, pages, cpu, zone);
      pages.zoneState[zone * ZONE_WORDS + ZoneWord.free]! += pages.pcpState[at + PcpWord.freeDiff]!;
      pages.pcpState[at + PcpWord.freeDiff] = 0;
    }
  }

  #othersGive(zone: number, count: number): void {
    const held = this.#others[zone]!;
    const { ctx } = this.machine.on(0);
    let left = count;
    for (let i = held.length - 1; i >= 0 && left > 0; i--) {
      const { pfn, order } = held[i]!;
      if (2 ** order > left) continue;
      freePages(ctx, this.machine.pages, pfn, order);
      left -= 2 ** order;
      held.splice(i, 1);
    }
    const last = held.findIndex(({ order }) => 2 ** order > left);
    if (left === 0 || last === -1) return;
    const { pfn } = held.splice(last, 1)[0]!;
    releaseRange(this.machine.pages, pfn, pfn + left);
  }

  #othersTake(zone: number, count: number): void {
    const held = this.#others[zone]!;
    const gfp = FIRST_ZONE[this.machine.zones.names[zone]!]! | MOVABLE;
    let left = count;
    for (let order = 10; order >= PAST_CPU_LISTS; order--)
      while (left >= 2 ** order) {
        const pfn = this.#block(zone, order, gfp);
        if (pfn === null) break;
        held.push({ pfn, order });
        left -= 2 ** order;
      }
    if (left === 0) return;
    const block = this.#block(zone, PAST_CPU_LISTS, gfp);
    if (block !== null) releaseRange(this.machine.pages, block + left, block + 2 ** PAST_CPU_LISTS);
  }

  /** A block of one zone; the others are put out of reach meanwhile. */
  #block(zone: number, order: number, gfp: number): number | null {
    const { pages, zones } = this.machine;
    zones.watermarkBoost.fill(OUT_OF_REACH);
    zones.watermarkBoost[zone] = 0;
    updateFloors(pages);
    const pfn = allocPages(this.machine.on(0).ctx, pages, gfp, order);
    zones.watermarkBoost.fill(0);
    updateFloors(pages);
    return pfn;
  }
}

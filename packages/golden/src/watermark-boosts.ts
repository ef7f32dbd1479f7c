import { updateFloors } from '@mm/buddy';
import { Watermark } from '@mm/zones';

import type { ZoneSupply } from './zone-supply.js';

/**
 * When the watermark of a zone was boosted during a step: not at all; by the allocation that brought the zone down to where the
 * boost forbids more; before the first one; or so late that it forbade the next one at once.
 */
export type Onset = 'never' | 'late' | 'early' | 'last';

/** An allocation of a step that fell short, or went to a lower zone. */
export interface ShortStep {
  /** Zone of the cache's flags: its reserves count. */
  readonly highest: number;
  /** Pages that the recorded machine took of each zone, by zone index. */
  readonly pages: readonly number[];
  /** Objects that the recorded machine got from each zone, by zone index. */
  readonly objects: readonly number[];
}

/**
 * Boosts of watermarks in a step. The kernel boosts when an allocation mixes migrate types in a pageblock, by the pages of a
 * pageblock each time, which hangs on lists that recordings do not have. How many boosts there were shows in how much a zone
 * gave before it refused: watermarks move by 1024 pages, so that the count of objects is still foretold to the object. A boost
 * that comes when less than its pages are left above the watermark forbids the next allocation at once: then the count tells
 * when it came, and nothing else. Of a count within a refill of a CPU's list of where an earlier boost ends, that is not believed.
 * @see linux 6.1 mm/page_alloc.c boost_watermark
 */
export class WatermarkBoosts {
  readonly #supply: ZoneSupply;
  /** By zone: pages that the step's boosts add, once they are in force. */
  readonly #due: number[];
  readonly #floor: number[];
  readonly #step: ShortStep;
  readonly #onset: Onset;

  constructor(supply: ZoneSupply, step: ShortStep, onset: Onset) {
    const { zones, pages } = supply.machine;
    const block = 2 ** pages.pageblockOrder;
    this.#supply = supply;
    this.#step = step;
    this.#onset = onset;
    this.#floor = zones
      .indices()
      .map((z) => zones.wmark[z * 4 + Watermark.min]! + zones.lowmemReserve[z * zones.count + step.highest]!);
    const isAhead = onset === 'late' || onset === 'early';
    this.#due = zones.indices().map((z) => {
      // A zone that gave nothing tells nothing.
      if (!isAhead || !this.#isBoosted(z) || step.pages[z] === 0) return 0;
      return Math.max(0, block * Math.round((supply.free(z) - this.#floor[z]! - step.pages[z]!) / block));
    });
    zones.watermarkBoost.fill(0);
    if (onset === 'early') zones.watermarkBoost.set(this.#due);
    updateFloors(pages);
  }

  /** Whether any are known of: then it matters when they came. */
  get any(): boolean {
    return this.#due.some((pages) => pages > 0);
  }

  /** Before each allocation: boosts come into force where they forbid it. `found`: objects of the step so far, by zone. */
  advance(found: readonly number[]): void {
    const { zones, pages } = this.#supply.machine;
    if (this.#onset === 'last') this.#boostAtLast(found);
    for (const [z, due] of this.#due.entries()) {
      if (zones.watermarkBoost[z] === due || this.#supply.free(z) > this.#floor[z]! + due) continue;
      zones.watermarkBoost[z] = due;
      updateFloors(pages);
    }
  }

  /** A zone that has given what was recorded is boosted by as many pageblocks as reach over its free pages. */
  #boostAtLast(found: readonly number[]): void {
    const { zones, pages } = this.#supply.machine;
    const block = 2 ** pages.pageblockOrder;
    for (let z = 0; z <= this.#step.highest; z++) {
      if (this.#due[z] !== 0 || found[z]! < this.#step.objects[z]! || !this.#isBoosted(z)) continue;
      const left = this.#supply.free(z) - this.#floor[z]!;
      const due = block * Math.ceil(left / block);
      const refill = zones.pcpBatch[z]!;
      if (left - (due - block) > refill && due - left > refill && due <= this.#boostMax(z))
        this.#due[z] = due;
    }
  }

  /** Small zones are never boosted. */
  #isBoosted(zone: number): boolean {
    const { zones, pages } = this.#supply.machine;
    return 4 * 2 ** pages.pageblockOrder <= zones.managed[zone]!;
  }

  /** Boosts add up to one and a half times the high watermark, at least to a pageblock. */
  #boostMax(zone: number): number {
    const { zones, pages } = this.#supply.machine;
    return Math.max(2 ** pages.pageblockOrder, Math.floor(zones.wmark[zone * 4 + Watermark.high]! * 1.5));
  }
}

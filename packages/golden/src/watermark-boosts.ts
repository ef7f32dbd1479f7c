import { updateFloors } from '@mm/buddy';
import { Watermark } from '@mm/zones';

import type { ZoneSupply } from './zone-supply.js';

/**
 * When the watermark of a zone was boosted during a step: before its first allocation, or by the one that brought the zone
 * down to where the boost forbids more.
 */
export type Onset = 'late' | 'early';

/** An allocation of a step that fell short. */
export interface ShortStep {
  /** Zone of the cache's flags: its reserves count. */
  readonly highest: number;
  /** Pages that the recorded machine took of each zone, by zone index. */
  readonly pages: readonly number[];
}

/**
 * Boosts of watermarks in a step. The kernel boosts when an allocation mixes migrate types in a pageblock, by the pages of a
 * pageblock each time, which hangs on lists that recordings do not have. How many boosts there were shows in how much a zone
 * gave before it refused: watermarks move by 1024 pages, so that the count of objects is still foretold to the object.
 * @see linux 6.1 mm/page_alloc.c boost_watermark
 */
export class WatermarkBoosts {
  readonly #supply: ZoneSupply;
  /** By zone: pages that the step's boosts add, once they are in force. */
  readonly #due: number[];
  readonly #floor: number[];

  constructor(supply: ZoneSupply, step: ShortStep, onset: Onset) {
    const { zones, pages } = supply.machine;
    const block = 2 ** pages.pageblockOrder;
    this.#supply = supply;
    this.#floor = zones
      .indices()
      .map((z) => zones.wmark[z * 4 + Watermark.min]! + zones.lowmemReserve[z * zones.count + step.highest]!);
    this.#due = zones.indices().map((z) => {
      // Small zones are never boosted, and a zone that gave nothing tells nothing.
      if (4 * block > zones.managed[z]! || step.pages[z] === 0) return 0;
      return Math.max(0, block * Math.round((supply.free(z) - this.#floor[z]! - step.pages[z]!) / block));
    });
    zones.watermarkBoost.fill(0);
    if (onset === 'early') zones.watermarkBoost.set(this.#due);
    updateFloors(pages);
  }

  /** Whether there were any: then it matters when they came. */
  get any(): boolean {
    return this.#due.some((pages) => pages > 0);
  }

  /** Before each allocation: boosts come into force where they forbid it. */
  advance(): void {
    const { zones, pages } = this.#supply.machine;
    for (const [z, due] of this.#due.entries()) {
      if (zones.watermarkBoost[z] === due || this.#supply.free(z) > this.#floor[z]! + due) continue;
      zones.watermarkBoost[z] = due;
      updateFloors(pages);
    }
  }
}

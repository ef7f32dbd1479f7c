import type { Machine } from '@mm/machine';

import { ModelViolation } from '../model-violation.js';
import { type BuddyWorld, IN_FLIGHT_MAX, ISOLATED_PAGES } from './buddy-world.js';
import { highestZone } from './page-model.js';

/** Pages of one CPU's lists beyond `high` before the next free gives some back. */
const PCP_SLACK = 256;
/** The largest part of a counter that a CPU keeps to itself. */
const PART_MAX = 125;

/** How far others were when an allocation began: what they do meanwhile excuses its failure. */
export interface Beginning {
  /** The page model's `given`. */
  readonly given: readonly number[];
  /** Allocations that had failed on purpose. */
  readonly faults: number;
}

/** Allocations of pages and objects that failed on purpose so far. */
export function faultsSoFar(machine: Machine): number {
  const ofPages = machine.pages.faults?.attr.failed ?? 0;
  // Asking for caches would make them.
  return machine.hasKmem ? ofPages + (machine.kmem.faults?.attr.failed ?? 0) : ofPages;
}

/** An allocation begins. */
export const beginsNow = ({ machine, model }: BuddyWorld): Beginning => ({
  given: model.given.slice(),
  faults: faultsSoFar(machine),
});

/**
 * A single page must be found where an allowed zone has more pages that nobody holds than watermark, reserve, the high-order
 * reserve (1% and a pageblock), isolated blocks, per-cpu lists of other CPUs and operations under way can hide. What others
 * gave back meanwhile may have come too late, and an allocation that failed on purpose meanwhile may have been this one.
 *
 * @param since what {@link beginsNow} said when the allocation began.
 * @throws ModelViolation when a failure was not due.
 */
export function checkFailure(world: BuddyWorld, gfp: number, since: Beginning): void {
  const undue = undueFailure(world, gfp, since);
  if (undue !== null)
    throw new ModelViolation('an allocation does not fail while enough of the right memory is free', undue);
}

/** Why the failure of a single page is not due by {@link checkFailure}'s rule; null: it is. */
export function undueFailure(world: BuddyWorld, gfp: number, { given, faults }: Beginning): string | null {
  const { machine, model, isolated } = world;
  if (faultsSoFar(machine) > faults) return null;
  const { zones, pages } = machine;
  const highest = highestZone(zones.names, gfp);
  const cpus = machine.cpus;
  const blockPages = 2 ** pages.pageblockOrder;
  for (const zone of zones.indices().filter((index) => index <= highest)) {
    const managed = zones.managed[zone]!;
    const free =
      managed -
      model.held[zone]! -
      (model.given[zone]! - given[zone]!) -
      isolated.filter((range) => range.zone === zone).length * ISOLATED_PAGES;
    const hidden =
      cpus * (zones.pcpHigh[zone]! + PCP_SLACK + PART_MAX + IN_FLIGHT_MAX) +
      Math.floor(managed / 100) +
      blockPages;
    const kept =
      zones.wmark[zone * 4]! +
      zones.watermarkBoost[zone]! +
      zones.lowmemReserve[zone * zones.count + highest]!;
    if (free > hidden + kept)
      return `gfp 0x${gfp.toString(16)}: ${zones.names[zone]} has ${free} pages that nobody holds, ${kept} are kept back`;
  }
  return null;
}

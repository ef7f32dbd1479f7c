import { ZoneWord, ZONE_WORDS, PcpWord, checkBuddyInvariants, checkZoneCounters, pcpAt } from '@mm/buddy';
import { type Machine, createMachine } from '@mm/machine';

import { ModelViolation } from '../model-violation.js';
import type { WorldOptions } from '../subsystem.js';
import { PageModel, highestZone } from './page-model.js';

/** A real machine, the model of its pages, and what the commands remember. */
export interface BuddyWorld {
  readonly machine: Machine;
  readonly model: PageModel;
  /** Ranges that are isolated, or half so while not ready. */
  readonly isolated: Array<{ readonly pfn: number; readonly zone: number; ready: boolean }>;
  /** Counts the stamps written so far. */
  stamps: number;
}

/** Pages that are isolated together: those of the largest block. */
export const ISOLATED_PAGES = 1024;

/** RAM of a world unless the options say otherwise: small enough to run out, and on arm64 across the 4 GiB line. */
const RAM = { 'arm64-2018': '4G', arm64: '4G', x86_64: '96M' } as const;

/**
 * A machine that has just booted, and a model in which nobody holds a page.
 * @example
 * const { machine, model } = buddyWorld({ preset: 'arm64-2018', cpus: 2 });
 */
export function buddyWorld(
  { behaviour: _behaviour, ...options }: WorldOptions,
  slab: 'slub' | 'slab' = options.slab ?? 'slub',
): BuddyWorld {
  const { preset = 'x86_64' } = options;
  const ramBytes = options.ramBytes ?? (preset in RAM ? RAM[preset as keyof typeof RAM] : '1G');
  const machine = createMachine({ strict: true, ...options, preset, ramBytes, slab });
  const { zones } = machine;
  const bounds = zones.indices().map((zone) => ({
    name: zones.names[zone]!,
    startPfn: zones.startPfn[zone]!,
    endPfn: zones.startPfn[zone]! + zones.spanned[zone]!,
  }));
  return { machine, model: new PageModel(bounds), isolated: [], stamps: 0 };
}

/** Pages of one CPU's lists beyond `high` before the next free gives some back. */
const PCP_SLACK = 256;
/** The largest part of a counter that a CPU keeps to itself. */
const PART_MAX = 125;
/** What an operation on another CPU may hold for a moment: a block of order 10. */
const IN_FLIGHT_MAX = 1024;

/**
 * A single page must be found where an allowed zone has more pages that nobody holds than watermark, reserve, the high-order
 * reserve (1% and a pageblock), isolated blocks, per-cpu lists of other CPUs and operations under way can hide.
 * @throws ModelViolation when a failure was not due.
 */
export function checkFailure(world: BuddyWorld, gfp: number): void {
  const { machine, model, isolated } = world;
  const { zones, pages } = machine;
  const highest = highestZone(zones.names, gfp);
  const cpus = machine.cpus;
  const blockPages = 2 ** pages.pageblockOrder;
  for (const zone of zones.indices().filter((index) => index <= highest)) {
    const managed = zones.managed[zone]!;
    const free =
      managed - model.held[zone]! - isolated.filter((range) => range.zone === zone).length * ISOLATED_PAGES;
    const hidden =
      cpus * (zones.pcpHigh[zone]! + PCP_SLACK + PART_MAX + IN_FLIGHT_MAX) +
      Math.floor(managed / 100) +
      blockPages;
    const kept =
      zones.wmark[zone * 4]! +
      zones.watermarkBoost[zone]! +
      zones.lowmemReserve[zone * zones.count + highest]!;
    if (free > hidden + kept)
      throw new ModelViolation(
        'an allocation does not fail while enough of the right memory is free',
        `gfp 0x${gfp.toString(16)}: ${zones.names[zone]} has ${free} pages that nobody holds, ${kept} are kept back`,
      );
  }
}

/** free + per-cpu + held + isolated = managed, in each zone. @throws ModelViolation */
export function checkConservation(world: BuddyWorld): void {
  const { zones, pages } = world.machine;
  for (const zone of zones.indices()) {
    let free = pages.zoneState[zone * ZONE_WORDS + ZoneWord.free]!;
    let onLists = 0;
    for (let cpu = 0; cpu < pages.cpus; cpu++) {
      const at = pcpAt(cpu, zone);
      free += pages.pcpState[at + PcpWord.freeDiff]!;
      onLists += pages.pcpState[at + PcpWord.count]!;
    }
    const rest = zones.managed[zone]! - free - onLists - world.model.held[zone]!;
    // Free pages of an isolated range are not counted as free.
    const most = world.isolated.filter((range) => range.zone === zone).length * ISOLATED_PAGES;
    if (rest < 0 || rest > most)
      throw new ModelViolation(
        'free + per-cpu + held pages = managed',
        `${zones.names[zone]}: ${free} + ${onLists} + ${world.model.held[zone]} of ${zones.managed[zone]}, ${most} in isolated ranges`,
      );
  }
}

/**
 * The cheap invariants. @throws ModelViolation
 * @example
 * checkBuddyLocal(world); // throws a ModelViolation
 */
export function checkBuddyLocal(world: BuddyWorld): void {
  checkConservation(world);
  for (const zone of world.machine.zones.indices()) {
    const wrong = checkZoneCounters(world.machine.pages, zone);
    if (wrong.length > 0) throw new ModelViolation('counters stay within what they can be', wrong[0]!);
  }
}

/**
 * Every list, link and counter, and every byte that an owner wrote. @throws ModelViolation
 * @example
 * checkBuddyWhole(world); // throws a ModelViolation
 */
export function checkBuddyWhole(world: BuddyWorld): void {
  checkBuddyLocal(world);
  const wrong = checkBuddyInvariants(world.machine.pages);
  if (wrong.length > 0)
    throw new ModelViolation('the structures of the page allocator agree with each other', wrong[0]!);
  for (const block of world.model.live) checkStamp(world, block.pfn, block.stamp);
}

/** @throws ModelViolation when somebody else wrote to the block. */
export function checkStamp({ machine }: BuddyWorld, pfn: number, stamp: number): void {
  if (stamp !== 0 && machine.memory.read32(pfn * 4096) !== stamp)
    throw new ModelViolation("a block's bytes change only by its owner", `pfn ${pfn}`);
}

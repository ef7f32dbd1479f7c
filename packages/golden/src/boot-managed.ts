import { VmSysctls, type ZoneBounds, Zones, defaultMinFreeKbytes, initPerZoneWmarkMin } from '@mm/zones';

import { firstDifference } from './first-difference.js';
import { describeZone } from './zones-describe.js';

/** Boot gives back at most so much of its own memory afterwards: 64 MiB. */
const FREED_MAX = 16_384;

/** What a kernel shows of how its zones are sized. */
export interface SizedState {
  readonly min_free_kbytes: number;
  /** lowmem_reserve_ratio of each zone. */
  readonly ratio: readonly number[];
  readonly zones: readonly SizedZone[];
}

/** The numbers of a zone that depend on its managed pages. */
export interface SizedZone {
  readonly managed: number;
  readonly wmark: readonly number[];
  readonly lowmem_reserve: readonly number[];
  /** One entry a CPU, or none. */
  readonly pcp: readonly { readonly high: number; readonly batch: number; readonly stat_threshold: number }[];
}

/** How to look for the pages that zones managed at boot. */
export interface SolveOptions {
  readonly bounds: readonly ZoneBounds[];
  readonly cpus: number;
  /**
   * Whether min_free_kbytes and the reserves are what boot computed. Distribution kernels raise the first for huge pages,
   * and reading lowmem_reserve_ratio computes the second anew.
   */
  readonly untouched: boolean;
}

/**
 * How many pages each zone managed when boot sized the zones: what it manages now, less what boot gave back later, in
 * at most two zones (that of the kernel's image, and that of the initial file system). The smallest difference that
 * explains all watermarks and reserves is taken; where none does, the present numbers are returned, and the comparison
 * that follows shows what they do not explain.
 */
export function solveBootManaged(state: SizedState, options: SolveOptions): number[] {
  const now = state.zones.map((zone) => zone.managed);
  const populated = now.map((_, z) => z).filter((z) => now[z]! > 0);
  if (explains(state, options, now)) return now;
  for (const a of populated) {
    for (const m of candidates(state, a, options)) {
      const managed = now.with(a, m);
      if (fits(state, options, managed) && explains(state, options, managed)) return managed;
    }
  }
  for (const a of options.untouched ? populated : []) {
    for (const b of populated.filter((z) => z > a)) {
      const inA = candidates(state, a, options);
      for (const m of candidates(state, b, options)) {
        for (const n of inA) {
          const managed = now.with(a, n);
          managed[b] = m;
          if (fits(state, options, managed) && explains(state, options, managed)) return managed;
        }
      }
    }
  }
  return now;
}

/** Counts a zone may have had, largest first. The reserve of the next populated zone below narrows them to one ratio. */
function candidates(state: SizedState, z: number, { untouched }: SolveOptions): number[] {
  const now = state.zones[z]!.managed;
  const below = untouched ? lowerNeighbour(state, z) : -1;
  const ratio = below === -1 ? 0 : state.ratio[below]!;
  const reserve = below === -1 ? 0 : state.zones[below]!.lowmem_reserve[z]!;
  const low = Math.max(1, now - FREED_MAX, ratio === 0 ? 0 : reserve * ratio);
  const high = Math.min(now, ratio === 0 ? now : reserve * ratio + ratio - 1);
  return Array.from({ length: Math.max(0, high - low + 1) }, (_, i) => high - i);
}

function lowerNeighbour(state: SizedState, z: number): number {
  return state.zones.findLastIndex((zone, i) => i < z && zone.managed > 0 && state.ratio[i]! > 0);
}

/** The cheap half of the test: every zone's share of min_free_kbytes, high memory apart. */
function fits(state: SizedState, { bounds }: SolveOptions, managed: readonly number[]): boolean {
  let sum = 0;
  for (let z = 0; z < managed.length; z++) if (!isHighmem(bounds[z]!)) sum += managed[z]!;
  const pagesMin = state.min_free_kbytes >> 2;
  for (let z = 0; z < managed.length; z++)
    if (!isHighmem(bounds[z]!) && Math.floor((pagesMin * managed[z]!) / sum) !== state.zones[z]!.wmark[0])
      return false;
  return true;
}

const isHighmem = ({ name, fromHighmem }: ZoneBounds): boolean =>
  name === 'HighMem' || (name === 'Movable' && fromHighmem === true);

function explains(state: SizedState, options: SolveOptions, managed: readonly number[]): boolean {
  const { bounds, cpus } = options;
  const zones = new Zones(
    bounds.map((zone, z) => ({ ...zone, managedPages: Math.min(managed[z]!, zone.presentPages) })),
  );
  if (options.untouched && defaultMinFreeKbytes(zones) !== state.min_free_kbytes) return false;
  const vm = new VmSysctls(zones, cpus);
  vm.reserveRatio = [...state.ratio];
  initPerZoneWmarkMin(vm, state.min_free_kbytes);
  return state.zones.every(({ wmark, lowmem_reserve, pcp }, z) => {
    const ours = describeZone(zones, z, cpus);
    const shown = {
      ...ours,
      wmark: (ours['wmark'] as number[]).slice(0, 3),
      pcp: (ours['pcp'] as unknown[]).slice(0, pcp.length),
    };
    const reserve = options.untouched ? { lowmem_reserve } : {};
    return firstDifference('', { wmark: wmark.slice(0, 3), pcp, ...reserve }, shown) === null;
  });
}

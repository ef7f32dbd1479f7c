import {
  type MovableOptions,
  VM_SYSCTLS,
  VmSysctls,
  type ZoneConfig,
  Zones,
  initPerZoneWmarkMin,
  layOutZones,
  toPfnSpans,
  writeVmSysctl,
  zonePreset,
  type PfnSpan,
} from '@mm/zones';
import { KERNEL_CONFIG } from '@mm/sysfs';
import { z } from 'zod';

import { solveBootManaged } from './boot-managed.js';
import { firstDifference } from './first-difference.js';
import type { Mismatch } from './mismatch.js';
import { compareProcTexts } from './proc-texts/compare-proc-texts.js';
import type { Recording } from './read-recording.js';
import { describeZone } from './zones-describe.js';

/** The recorded kernel has pageblocks of 1024 pages. */
const PAGEBLOCK_ORDER = 10;

const int = z.number().int();

export const recordedZone = z.looseObject({
  name: z.string(),
  start_pfn: int,
  spanned: int,
  present: int,
  managed: int,
  wmark: z.array(int).length(4),
  lowmem_reserve: z.array(int),
  pcp_high: int,
  pcp_batch: int,
  percpu_drift_mark: int,
  pcp: z.array(z.looseObject({ high: int, batch: int, stat_threshold: int })),
});

const recordedState = z.looseObject({
  set: z.tuple([z.enum(VM_SYSCTLS), z.string()]).nullable(),
  min_free_kbytes: int,
  user_min_free_kbytes: int,
  totalreserve_pages: int,
  online_cpus: int.positive(),
  ratio: z.array(int),
  zonelist: z.array(z.string()),
  zones: z.array(recordedZone).min(2),
});
export type RecordedState = z.infer<typeof recordedState>;

/** A case of a `zones` recording. */
export const zonesCase = z.looseObject({
  mem: z.string(),
  cpus: int.positive(),
  cmdline: z.string(),
  states: z.array(recordedState).min(1),
  text: z.looseObject({
    bootlog: z.array(z.string()),
    zoneinfo: z.string(),
    buddyinfo: z.string(),
    pagetypeinfo: z.string(),
  }),
});

/**
 * Plays one boot. Input: the memory ranges and command line of the boot, the configured zones, each zone's managed
 * pages, min_free_kbytes as boot computed it, and each `set`. Expectation: bounds of the zones, their order, watermarks,
 * reserves, per-cpu sizes and thresholds after every write; the texts of zoneinfo, buddyinfo and pagetypeinfo, see
 * {@link compareProcTexts}.
 *
 * Boot computes the first state before it gives back the memory of its own code and of the initial file system. How many
 * pages a zone managed at that moment is not recorded; it is solved for, within what min_free_kbytes allows, and must
 * explain every number of that state.
 */
export function playZonesCase(recording: Recording, index: number): Mismatch | null {
  const recorded = zonesCase.parse(recording.cases[index]);
  const built = recording.source.config;
  const config: ZoneConfig = {
    dma: built['ZONE_DMA'] === 1,
    dma32: built['ZONE_DMA32'] === 1,
    highmem: built['HIGHMEM'] === 1,
  };
  const first = recorded.states[0]!;
  const spans = spansOfBootlog(recorded.text.bootlog);
  const bounds = layOutZones(spans, { ...zonePreset('x86_64'), config }, movableOf(recorded.cmdline));
  const cpus = first.online_cpus;
  const boot = solveBootManaged(first, { bounds, cpus, untouched: true });
  const found = compareState('states[0]', first, new Zones(withManaged(bounds, boot)), cpus, null);
  if (found !== null) return found;
  const zones = new Zones(
    withManaged(
      bounds,
      first.zones.map((zone) => zone.managed),
    ),
  );
  const vm = new VmSysctls(zones, cpus);
  startFrom(vm, new Zones(withManaged(bounds, boot)), first);
  const cma = built['CMA'] === 1;
  const machine = { spans, sysctls: vm, cpus, pageblockOrder: PAGEBLOCK_ORDER, cma, config: KERNEL_CONFIG };
  return compareProcTexts(machine, recorded.text) ?? playWrites(vm, recorded.states);
}

type Bounds = ReturnType<typeof layOutZones>;

export const withManaged = (
  bounds: Bounds,
  managed: readonly number[],
): ConstructorParameters<typeof Zones>[0] =>
  bounds.map((zone, i) => ({ ...zone, managedPages: Math.min(zone.presentPages, managed[i] ?? 0) }));

/** Sizes `zones` as boot would and compares. `managed` replaces the count that is printed, where it grew later. */
function compareState(
  path: string,
  state: RecordedState,
  zones: Zones,
  cpus: number,
  vm: VmSysctls | null,
): Mismatch | null {
  const sized = vm ?? new VmSysctls(zones, cpus);
  if (vm === null) initPerZoneWmarkMin(sized, state.min_free_kbytes);
  const expected = state.zones.map((zone) => sizedFields(zone));
  return (
    firstDifference(
      `${path}.zonelist`,
      state.zonelist,
      [...zones.zonelist].map((index) => zones.names[index]),
    ) ??
    firstDifference(
      `${path}.zones`,
      expected,
      zones.indices().map((index) => describeZone(zones, index, cpus)),
    )
  );
}

/** What a zone's sizing determines: all but the counters. */
const sizedFields = (zone: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    [
      'name',
      'start_pfn',
      'spanned',
      'present',
      'wmark',
      'lowmem_reserve',
      'pcp_high',
      'pcp_batch',
      'percpu_drift_mark',
      'pcp',
    ]
      .filter((key) => zone[key] !== undefined)
      .map((key) => [key, zone[key]]),
  );

/** What boot left stays until something is written: watermarks and reserves of the fewer pages managed then. */
function startFrom(vm: VmSysctls, boot: Zones, first: RecordedState): void {
  const sized = new VmSysctls(boot, vm.cpus);
  initPerZoneWmarkMin(sized, first.min_free_kbytes);
  vm.minFreeKbytes = sized.minFreeKbytes;
  for (const key of ['wmark', 'lowmemReserve', 'pcpHigh', 'pcpBatch', 'statThreshold', 'driftMark'] as const)
    vm.zones[key].set(boot[key]);
}

function playWrites(vm: VmSysctls, states: readonly RecordedState[]): Mismatch | null {
  for (const [i, state] of states.entries()) {
    const path = `states[${i}]`;
    if (state.set !== null) {
      const answer = writeVmSysctl(vm, ...state.set);
      if (answer !== 0) return { path: `${path}.set`, expected: 0, actual: answer };
    }
    const numbers = {
      min_free_kbytes: vm.minFreeKbytes,
      user_min_free_kbytes: vm.userMinFreeKbytes,
      totalreserve_pages: vm.totalReservePages,
      ratio: vm.reserveRatio,
    };
    const { min_free_kbytes, user_min_free_kbytes, totalreserve_pages, ratio } = state;
    const found =
      firstDifference(path, { min_free_kbytes, user_min_free_kbytes, totalreserve_pages, ratio }, numbers) ??
      compareState(path, state, vm.zones, vm.cpus, vm);
    if (found !== null) return found;
  }
  return null;
}

const RANGE = /^\s*node\s+0: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]/u;

/** The early memory node ranges of a boot log. */
export function spansOfBootlog(lines: readonly string[]): PfnSpan[] {
  const ranges = lines.flatMap((line) => {
    const match = RANGE.exec(line);
    return match === null
      ? []
      : [{ start: Number.parseInt(match[1]!, 16), end: Number.parseInt(match[2]!, 16) + 1 }];
  });
  return toPfnSpans(ranges);
}

/** `kernelcore=` and `movablecore=` of a command line; of several, the last. */
export function movableOf(cmdline: string): MovableOptions {
  const value = (key: string): string | undefined =>
    [...cmdline.matchAll(new RegExp(`(?:^|\\s)${key}=(\\S+)`, 'gu'))].at(-1)?.[1];
  const kernelcore = value('kernelcore');
  const movablecore = value('movablecore');
  return {
    ...(kernelcore === undefined ? {} : { kernelcore }),
    ...(movablecore === undefined ? {} : { movablecore }),
  };
}

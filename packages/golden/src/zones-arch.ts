import { TOP_ORDER } from '@mm/buddy';
import { OptionError } from '@mm/printk';
import {
  type PresetName,
  VmSysctls,
  Zones,
  initPerZoneWmarkMin,
  layOutZones,
  setLowmemReserve,
  zonePreset,
} from '@mm/zones';
import { DEBIAN_CONFIG } from '@mm/sysfs';
import { z } from 'zod';

import { solveBootManaged } from './boot-managed.js';
import { firstDifference } from './first-difference.js';
import type { Mismatch } from './mismatch.js';
import { compareProcTexts } from './proc-texts/compare-proc-texts.js';
import { orderOf } from './proc-texts/loaded-parts.js';
import type { Recording } from './read-recording.js';
import { type ZoneinfoZone, parseZoneinfo } from './zoneinfo-text.js';
import { describeZone } from './zones-describe.js';
import { movableOf, spansOfBootlog } from './zones.js';

/** A case of a `zones-arch` recording: what a distribution kernel printed. */
export const zonesArchCase = z.looseObject({
  name: z.string(),
  text: z.looseObject({
    uname: z.string(),
    cmdline: z.string(),
    'zone-ranges': z.string(),
    sysctl: z.string(),
    zoneinfo: z.string(),
    buddyinfo: z.string(),
    pagetypeinfo: z.string(),
    meminfo: z.string(),
  }),
});

/** Kernel flavours by what their `uname` says, the more particular first. */
const FLAVOURS: ReadonlyArray<readonly [RegExp, PresetName]> = [
  [/-arm64\b/u, 'arm64'],
  [/-armmp-lpae\b/u, 'arm-lpae'],
  [/-armmp\b/u, 'arm'],
  [/-686-pae\b/u, 'i386-pae'],
  [/-686\b/u, 'i386'],
  [/-amd64\b/u, 'x86_64'],
];

/** The machine preset of a kernel by its `uname`. @throws OptionError for a flavour that is not known. */
export function presetOf(uname: string): PresetName {
  const preset = FLAVOURS.find(([pattern]) => pattern.test(uname))?.[1];
  if (preset === undefined)
    throw new OptionError('text.uname', 'a kernel flavour of arm64, armmp, 686 or amd64', uname);
  return preset;
}

/**
 * Plays one boot of a distribution kernel. Input: its flavour, the RAM ranges of the boot log, the command line, managed
 * pages, min_free_kbytes and reserve ratios as printed, the number of CPUs. Expectation: bounds, spanned and present pages,
 * the order of the zones, watermarks, protection, per-cpu high and batch, thresholds.
 */
export function playZonesArchCase(recording: Recording, index: number): Mismatch | null {
  const { text } = zonesArchCase.parse(recording.cases[index]);
  const printed = parseZoneinfo(text.zoneinfo);
  const sysctl = parseSysctl(text.sysctl);
  const spans = spansOfBootlog(text['zone-ranges'].split('\n'));
  const bounds = layOutZones(spans, zonePreset(presetOf(text.uname), spans[0]!.startPfn * 4096), {
    ...movableOf(text.cmdline),
    topOrder: topOrderOf(text.buddyinfo),
  });
  const cpus = Math.max(...printed.map((zone) => zone.pcp.length));
  const order = firstDifference(
    'zones',
    printed.map((zone) => zone.name),
    bounds.map((zone) => zone.name),
  );
  if (order !== null) return order;
  const state = { min_free_kbytes: sysctl.minFreeKbytes, ratio: sysctl.ratio, zones: printed };
  const managed = solveBootManaged(state, { bounds, cpus, untouched: false });
  const zones = new Zones(
    bounds.map((zone, i) => ({ ...zone, managedPages: Math.min(managed[i]!, zone.presentPages) })),
  );
  const vm = new VmSysctls(zones, cpus);
  vm.reserveRatio = sysctl.ratio;
  initPerZoneWmarkMin(vm, sysctl.minFreeKbytes);
  // The recorder read lowmem_reserve_ratio before zoneinfo: reserves follow the pages managed by then.
  const now = new Zones(
    bounds.map((zone, i) => ({ ...zone, managedPages: Math.min(printed[i]!.managed, zone.presentPages) })),
  );
  setLowmemReserve(now, sysctl.ratio);
  zones.lowmemReserve.set(now.lowmemReserve);
  const wrong = firstDifference(
    'zoneinfo',
    printed.map(comparable),
    zones.indices().map((zone) => shown(zones, zone, cpus)),
  );
  if (wrong !== null) return wrong;
  zones.managed.set(now.managed);
  return compareProcTexts(
    {
      spans,
      sysctls: vm,
      cpus,
      // Larger blocks are not modelled; their free lists are not compared.
      pageblockOrder: Math.min(TOP_ORDER, orderOf(text.pagetypeinfo)),
      cma: /^CmaTotal/mu.test(text.meminfo),
      config: {
        ...DEBIAN_CONFIG,
        sparsemem: !zones.config.highmem,
        memoryFailure: /^HardwareCorrupted/mu.test(text.meminfo),
        transparentHugepage: /^AnonHugePages/mu.test(text.meminfo),
        hugetlb: /^HugePages_Total/mu.test(text.meminfo),
      },
    },
    text,
  );
}

/** The largest block that the kernel has: one column of buddyinfo an order. @throws OptionError where there is no such line. */
function topOrderOf(buddyinfo: string): number {
  const counts = /^Node 0, zone +\w+((?: +\d+)+) *$/mu.exec(buddyinfo)?.[1];
  if (counts === undefined)
    throw new OptionError('text.buddyinfo', 'a line "Node 0, zone NAME COUNTS"', buddyinfo.slice(0, 60));
  return counts.trim().split(/ +/u).length - 1;
}

function comparable({ start_pfn, pcp, ...zone }: ZoneinfoZone): Record<string, unknown> {
  const { name, spanned, present, wmark, lowmem_reserve } = zone;
  return {
    name,
    spanned,
    present,
    wmark,
    lowmem_reserve,
    ...(start_pfn === undefined ? {} : { start_pfn, pcp }),
  };
}

function shown(zones: Zones, zone: number, cpus: number): Record<string, unknown> {
  const ours = describeZone(zones, zone, cpus);
  return { ...ours, wmark: (ours['wmark'] as number[]).slice(0, 3) };
}

/** min_free_kbytes and lowmem_reserve_ratio of a listing `name value`. */
function parseSysctl(text: string): { minFreeKbytes: number; ratio: number[] } {
  const value = (name: string): string => {
    const found = new RegExp(`^${name}\\s+([\\d\\s]+?)$`, 'mu').exec(text)?.[1];
    if (found === undefined)
      throw new OptionError('text.sysctl', `a line "${name} NUMBERS"`, text.slice(0, 60));
    return found;
  };
  return {
    minFreeKbytes: Number(value('min_free_kbytes')),
    ratio: value('lowmem_reserve_ratio').split(/\s+/u).map(Number),
  };
}

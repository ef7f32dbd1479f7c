import { Errno, OptionError, checkInstance, checkInteger, checkText } from '@mm/printk';

import { defaultReserveRatio, setLowmemReserve } from './lowmem-reserve.js';
import { setPcpSizes } from './pcp-size.js';
import { readIntegers } from './read-integers.js';
import { setStatThresholds } from './stat-threshold.js';
import { defaultMinFreeKbytes, setWatermarks, totalReservePages } from './watermarks.js';
import { CPUS_MAX, Zones } from './zones.js';

/** The files of /proc/sys/vm that size the zones. */
export const VM_SYSCTLS = [
  'min_free_kbytes',
  'lowmem_reserve_ratio',
  'watermark_scale_factor',
  'watermark_boost_factor',
  'percpu_pagelist_high_fraction',
] as const;
/** A file of /proc/sys/vm that sizes the zones. */
export type VmSysctl = (typeof VM_SYSCTLS)[number];

const INT_MAX = 2 ** 31 - 1;
/** A smaller share of a zone on each CPU's lists would starve the rest. */
const HIGH_FRACTION_MIN = 8;
const SCALE_FACTOR_MAX = 3000;

/**
 * How the zones are sized: the sysctls, and what follows from a write.
 * @example
 * const vm = new VmSysctls(zones, 2);
 * initPerZoneWmarkMin(vm);
 * vm.minFreeKbytes;
 */
export class VmSysctls {
  readonly zones: Zones;
  minFreeKbytes = 0;
  /** What a user wrote, -1 before. */
  userMinFreeKbytes = -1;
  reserveRatio: number[];
  watermarkScaleFactor = 10;
  /** Ten-thousandths of the high watermark that a boost may add. Read by the page allocator. */
  watermarkBoostFactor = 15_000;

  /** @throws OptionError for what is no Zones, and `cpus` outside 1..256. */
  constructor(zones: Zones, cpus: number) {
    checkInstance('zones', zones, Zones);
    checkInteger('cpus', cpus, 1, CPUS_MAX);
    this.zones = zones;
    zones.cpusOnline = cpus;
    this.reserveRatio = defaultReserveRatio(zones);
  }

  /** Online CPUs. */
  get cpus(): number {
    return this.zones.cpusOnline;
  }

  /** Of a zone's pages, the part that the lists of all CPUs may hold: one in so many, from 8; 0: the low watermark. */
  get highFraction(): number {
    return this.zones.highFraction;
  }

  set highFraction(fraction: number) {
    this.zones.highFraction = fraction;
  }

  /** Pages that user space should not count on. */
  get totalReservePages(): number {
    return totalReservePages(this.zones);
  }
}

/**
 * Sizes the zones as boot does: min_free_kbytes, watermarks, reserves, per-cpu sizes, thresholds.
 *
 * @param minFreeKbytes in place of what boot would compute, where that is known.
 * @throws OptionError for what is no VmSysctls, and an amount that is no integer from 0; nothing has changed then.
 * @example
 * initPerZoneWmarkMin(new VmSysctls(zones, 2));
 * @see linux 6.1 mm/page_alloc.c init_per_zone_wmark_min
 */
export function initPerZoneWmarkMin(vm: VmSysctls, minFreeKbytes?: number): void {
  checkInstance('vm', vm, VmSysctls);
  if (minFreeKbytes !== undefined) checkInteger('minFreeKbytes', minFreeKbytes, 0, INT_MAX);
  vm.zones.wmark.fill(0);
  vm.zones.watermarkBoost.fill(0);
  vm.zones.driftMark.fill(0);
  // Each further CPU sets thresholds as it comes up, before there are watermarks.
  if (vm.cpus > 1) setStatThresholds(vm.zones, vm.cpus);
  vm.minFreeKbytes = minFreeKbytes ?? defaultMinFreeKbytes(vm.zones);
  setupPerZoneWmarks(vm);
  setStatThresholds(vm.zones, vm.cpus);
  setLowmemReserve(vm.zones, vm.reserveRatio);
}

function setupPerZoneWmarks(vm: VmSysctls): void {
  setWatermarks(vm.zones, vm.minFreeKbytes, vm.watermarkScaleFactor);
  setPcpSizes(vm.zones, vm.cpus, vm.highFraction);
}

function checkFile(vm: VmSysctls, name: VmSysctl): void {
  checkInstance('vm', vm, VmSysctls);
  if (!VM_SYSCTLS.includes(name)) throw new OptionError('name', `one of ${VM_SYSCTLS.join(', ')}`, name);
}

/**
 * Writes a vm sysctl, with the kernel's effects.
 *
 * @param text what would be written to the file: a number, in decimal, from 0 octal or from 0x hexadecimal, what follows a blank is not
 * looked at; several numbers for lowmem_reserve_ratio, which takes those before the first that is none and refuses nothing.
 * @returns 0, or -EINVAL when the value is refused; then nothing has changed.
 * @throws OptionError for what is no VmSysctls, no name of a file or no text.
 * @example
 * writeVmSysctl(vm, 'min_free_kbytes', '16384'); // 0
 * writeVmSysctl(vm, 'percpu_pagelist_high_fraction', '4'); // -22
 * @see linux 6.1 mm/page_alloc.c min_free_kbytes_sysctl_handler and its neighbours
 */
export function writeVmSysctl(vm: VmSysctls, name: VmSysctl, text: string): number {
  checkFile(vm, name);
  checkText('text', text);
  if (name === 'lowmem_reserve_ratio') return writeReserveRatio(vm, text);
  const value = readIntegers(text, 1)[0];
  if (value === undefined || value < minimumOf(name) || value > maximumOf(name)) return -Errno.EINVAL;
  if (name === 'min_free_kbytes') {
    vm.minFreeKbytes = value;
    vm.userMinFreeKbytes = value;
    setupPerZoneWmarks(vm);
  } else if (name === 'watermark_scale_factor') {
    vm.watermarkScaleFactor = value;
    setupPerZoneWmarks(vm);
  } else if (name === 'watermark_boost_factor') {
    vm.watermarkBoostFactor = value;
  } else {
    if (value !== 0 && value < HIGH_FRACTION_MIN) return -Errno.EINVAL;
    if (value !== vm.highFraction) {
      vm.highFraction = value;
      setPcpSizes(vm.zones, vm.cpus, value);
    }
  }
  return 0;
}

/**
 * Reads a vm sysctl as the file prints it. Reading lowmem_reserve_ratio has an effect: the kernel computes the
 * reserves anew, from the pages managed now.
 *
 * @throws OptionError for what is no VmSysctls or no name of a file.
 * @example
 * readVmSysctl(vm, 'lowmem_reserve_ratio'); // '256\t256\t32\t0\n'
 * @see linux 6.1 mm/page_alloc.c lowmem_reserve_ratio_sysctl_handler
 */
export function readVmSysctl(vm: VmSysctls, name: VmSysctl): string {
  checkFile(vm, name);
  if (name === 'lowmem_reserve_ratio') setLowmemReserve(vm.zones, vm.reserveRatio);
  const values: Record<VmSysctl, readonly number[]> = {
    min_free_kbytes: [vm.minFreeKbytes],
    lowmem_reserve_ratio: vm.reserveRatio,
    watermark_scale_factor: [vm.watermarkScaleFactor],
    watermark_boost_factor: [vm.watermarkBoostFactor],
    percpu_pagelist_high_fraction: [vm.highFraction],
  };
  return `${values[name].join('\t')}\n`;
}

const minimumOf = (name: VmSysctl): number => (name === 'watermark_scale_factor' ? 1 : 0);
const maximumOf = (name: VmSysctl): number =>
  name === 'watermark_scale_factor' ? SCALE_FACTOR_MAX : INT_MAX;

/** Never refused: what comes before the first that is no number is taken. */
function writeReserveRatio(vm: VmSysctls, text: string): number {
  const values = readIntegers(text, vm.zones.count);
  // What is not written stays; numbers below 1 turn the reserve off.
  vm.reserveRatio = vm.reserveRatio.map((old, z) => Math.max(0, values[z] ?? old));
  setLowmemReserve(vm.zones, vm.reserveRatio);
  return 0;
}

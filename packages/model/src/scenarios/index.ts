import { checkText } from '@mm/printk';

import { buddyCpuOffline } from './buddy-cpu-offline.js';
import { buddyBulkAlloc, buddyDrainAlloc, buddyDrainFree } from './buddy-drain.js';
import { buddyHighatomic } from './buddy-highatomic.js';
import { buddyIsolateFree, buddyIsolateMerge, buddyUnisolateFree } from './buddy-isolate.js';
import { buddyPcpDisable } from './buddy-pcp-disable.js';
import { buddySpeculative, buddySpeculativeCompound } from './buddy-speculative.js';
import { buddySplitMerge } from './buddy-split-merge.js';
import { buddyUnreserveFree } from './buddy-unreserve.js';
import { pageFragInterrupt, pageFragRefill } from './page-frag.js';
import { buddyZonelists } from './buddy-zonelists.js';
import { cachesAliasDestroy, cachesCreateTwice } from './cache-create.js';
import type { NamedScenario } from './scenario.js';
import {
  slabCpuOffline,
  slabDrainAlloc,
  slabShrinkFree,
  slabShrinkTune,
  slabTuneAlloc,
} from './slab-arrays.js';
import { slubAllocFlush } from './slub-alloc-flush.js';
import { slubBulkAlloc } from './slub-bulk-alloc.js';
import { slubBulkFree } from './slub-bulk-free.js';
import { slubCpuOffline, slubCpuOfflineBusy } from './slub-cpu-offline.js';
import { slubCpuPartial } from './slub-cpu-partial.js';
import { slubFreeDeactivation } from './slub-free-deactivation.js';
import { slubFreeDiscard } from './slub-free-discard.js';
import { slubFreeFlush } from './slub-free-flush.js';
import { slubFreeFull } from './slub-free-full.js';
import { slubGetPartial } from './slub-get-partial.js';
import { slubInterrupt } from './slub-interrupt.js';
import { slubMigrate } from './slub-migrate.js';
import { slubRemoteFree } from './slub-remote-free.js';
import { slubShrinkAlloc, slubShrinkFree } from './slub-shrink.js';
import { slubValidate } from './slub-validate.js';
import { v7sInstallTable } from './v7s-install.js';
import { v7sMapUnmap, v7sSplitSection, v7sSplitSupersection } from './v7s-split.js';
import {
  slabinfoWrite,
  sysfsWriteCpuPartial,
  sysfsWriteMinPartial,
  sysfsWriteShrink,
} from './sysfs-write.js';
import { slabTypesafe, slubTypesafe, slubTypesafeDestroy } from './typesafe-memory.js';
import { sysfsReadDestroy, sysfsReadObjects, sysfsShrinkDestroy } from './sysfs-read.js';

export { type NamedScenario, SMALL, type ScenarioSize, THREE_CPUS, TWO_EACH } from './scenario.js';

/** The library of scenarios, in the order of the floors of the house. */
export const SCENARIOS: readonly NamedScenario[] = [
  buddySplitMerge,
  buddyDrainAlloc,
  buddyDrainFree,
  buddyBulkAlloc,
  buddyPcpDisable,
  buddyIsolateFree,
  buddyIsolateMerge,
  buddyUnisolateFree,
  buddyHighatomic,
  buddyUnreserveFree,
  buddyZonelists,
  buddySpeculative,
  buddySpeculativeCompound,
  buddyCpuOffline,
  pageFragRefill,
  pageFragInterrupt,
  slubAllocFlush,
  slubFreeFlush,
  slubFreeDeactivation,
  slubRemoteFree,
  slubMigrate,
  slubInterrupt,
  slubFreeFull,
  slubFreeDiscard,
  slubBulkAlloc,
  slubBulkFree,
  slubCpuPartial,
  slubGetPartial,
  slubShrinkAlloc,
  slubShrinkFree,
  slubCpuOffline,
  slubCpuOfflineBusy,
  slubValidate,
  slubTypesafe,
  slubTypesafeDestroy,
  slabDrainAlloc,
  slabTuneAlloc,
  slabShrinkFree,
  slabShrinkTune,
  slabCpuOffline,
  slabTypesafe,
  v7sInstallTable,
  v7sMapUnmap,
  v7sSplitSection,
  v7sSplitSupersection,
  sysfsReadObjects,
  sysfsReadDestroy,
  sysfsShrinkDestroy,
  sysfsWriteCpuPartial,
  sysfsWriteMinPartial,
  sysfsWriteShrink,
  slabinfoWrite,
  cachesAliasDestroy,
  cachesCreateTwice,
];

/**
 * A scenario by its name, or undefined.
 * @example
 * const scenario = scenarioNamed('slub-alloc-flush')!.at({ cpus: 2, operations: 1 });
 */
export function scenarioNamed(name: string): NamedScenario | undefined {
  checkText('name', name);
  return SCENARIOS.find((scenario) => scenario.name === name);
}

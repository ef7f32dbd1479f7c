import { PageAllocator } from '@mm/buddy';
import { PageFrames, type PfnRange, PhysicalMemory } from '@mm/memory';
import { KernelLog, OptionError, checkArray, checkBoolean, checkObject } from '@mm/printk';
import { CellSpace } from '@mm/steps';
import { type ZoneName, Zones } from '@mm/zones';

import { loadState } from './load-state.js';
import { checkBuddyState } from './load-state-checks.js';
import type { BuddyState } from './load-state-schema.js';

/** How to read a {@link BuddyState}. */
export interface StateOptions {
  /** Zone names in fallback order. */
  readonly zonelist: readonly string[];
  /** Names of all zones configured, lowest first. Default those of x86_64. */
  readonly zoneNames?: readonly ZoneName[];
  /** log2 of the pages of a pageblock. Default 10. */
  readonly pageblockOrder?: number;
  /** The name of the state in error messages. Default `state`. */
  readonly name?: string;
  readonly strict?: boolean;
}

/** The parts of a machine that the page allocator needs. */
export interface StateMachine {
  readonly memory: PhysicalMemory;
  readonly frames: PageFrames;
  readonly pages: PageAllocator;
  readonly log: KernelLog;
  readonly cells: CellSpace;
}

/**
 * Builds memory, frames and a page allocator from a recorded state alone.
 *
 * @throws OptionError naming the field that is wrong.
 * @example
 * const { pages } = machineFromState(recording.before, { zonelist: recording.zonelist });
 */
export function machineFromState(state: unknown, options: StateOptions): StateMachine {
  checkObject('options', options, 'an object with zonelist');
  checkArray('zonelist', options.zonelist, 'names of zones');
  if (options.strict !== undefined) checkBoolean('strict', options.strict);
  const { zoneNames = ['DMA', 'DMA32', 'Normal', 'Movable'], pageblockOrder = 10, name = 'state' } = options;
  checkArray('zoneNames', zoneNames, 'names of zones');
  const checked = checkBuddyState(state, pageblockOrder, name);
  const ranges = rangesOf(checked, pageblockOrder);
  const memory = new PhysicalMemory(ranges);
  const frames = new PageFrames(ranges);
  const cells = new CellSpace();
  const log = new KernelLog();
  const zones = zonesOf(checked, zoneNames, name);
  const cpus = Math.max(...Object.values(checked).map(({ zone }) => zone.pcp.length));
  const pages = new PageAllocator({
    memory,
    frames,
    zones,
    cells,
    log,
    cpus,
    pageblockOrder,
    strict: options.strict ?? false,
    zonelists: zonelistsOf(options.zonelist, zoneNames),
  });
  loadState(pages, checked, name);
  return { memory, frames, pages, log, cells };
}

/** The pageblocks that have memory. */
function rangesOf(state: BuddyState, pageblockOrder: number): PfnRange[] {
  const ranges: PfnRange[] = [];
  for (const { zone, pageblocks } of Object.values(state)) {
    const end = zone.start_pfn + zone.spanned;
    let block = zone.start_pfn >> pageblockOrder;
    for (const [type, run] of pageblocks) {
      const startPfn = Math.max(zone.start_pfn, block << pageblockOrder);
      block += run;
      if (type >= 0) ranges.push({ startPfn, endPfn: Math.min(end, block << pageblockOrder) });
    }
  }
  return ranges;
}

function zonesOf(state: BuddyState, names: readonly ZoneName[], name: string): Zones {
  for (const key of Object.keys(state))
    if (!(names as readonly string[]).includes(key))
      throw new OptionError(`${name}.${key}`, `a zone of ${names.join(', ')}`, key);
  const zones = new Zones(
    names.map((zoneName) => {
      const zone = state[zoneName]?.zone;
      return {
        name: zoneName,
        startPfn: zone?.start_pfn ?? 0,
        spannedPages: zone?.spanned ?? 0,
        presentPages: zone?.present ?? 0,
        managedPages: zone?.managed ?? 0,
      };
    }),
  );
  names.forEach((zoneName, z) => {
    zones.pcpHigh[z] = state[zoneName]?.zone.pcp_high ?? 0;
    zones.pcpBatch[z] = state[zoneName]?.zone.pcp_batch ?? 0;
  });
  return zones;
}

function zonelistsOf(zonelist: readonly string[], names: readonly ZoneName[]): Uint8Array {
  const order = zonelist.map((name, i) => {
    const index = (names as readonly string[]).indexOf(name);
    if (index < 0) throw new OptionError(`zonelist[${i}]`, `a zone of ${names.join(', ')}`, name);
    return index;
  });
  const table = new Uint8Array(names.length ** 2).fill(255);
  names.forEach((_, highest) => {
    order.filter((zone) => zone <= highest).forEach((zone, i) => (table[highest * names.length + i] = zone));
  });
  return table;
}

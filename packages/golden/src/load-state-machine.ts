import { PageAllocator } from '@mm/buddy';
import { PageFrames, type PfnRange, PhysicalMemory } from '@mm/memory';
import { KernelLog, OptionError } from '@mm/printk';
import { CellSpace } from '@mm/steps';

import { loadState } from './load-state.js';
import { checkBuddyState } from './load-state-checks.js';
import type { BuddyState, BuddyZoneState } from './load-state-schema.js';

/** How to read a {@link BuddyState}. */
export interface StateOptions {
  /** Zone names in fallback order. */
  readonly zonelist: readonly string[];
  /** Names of all zones configured, lowest first. Default those of x86_64. */
  readonly zoneNames?: readonly string[];
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
  const { zoneNames = ['DMA', 'DMA32', 'Normal', 'Movable'], pageblockOrder = 10, name = 'state' } = options;
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
    gfpZones: gfpZonesOf(zoneNames),
    zonelists: zonelistsOf(options.zonelist, zoneNames),
    nofragmentZone: zoneNames.includes('DMA32') ? zoneNames.indexOf('Normal') : -1,
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

type ZoneArrays = ConstructorParameters<typeof PageAllocator>[0]['zones'];

function zonesOf(state: BuddyState, names: readonly string[], name: string): ZoneArrays {
  for (const key of Object.keys(state))
    if (!names.includes(key)) throw new OptionError(`${name}.${key}`, `a zone of ${names.join(', ')}`, key);
  const of = (pick: (zone: BuddyZoneState['zone']) => number): Int32Array =>
    Int32Array.from(names, (key) => (state[key] === undefined ? 0 : pick(state[key].zone)));
  return {
    count: names.length,
    names,
    startPfn: of((zone) => zone.start_pfn),
    spanned: of((zone) => zone.spanned),
    present: of((zone) => zone.present),
    managed: of((zone) => zone.managed),
    wmark: new Int32Array(names.length * 4),
    watermarkBoost: new Int32Array(names.length),
    lowmemReserve: new Int32Array(names.length ** 2),
    pcpHigh: of((zone) => zone.pcp_high),
    pcpBatch: of((zone) => zone.pcp_batch),
  };
}

/** gfp & 15 → highest zone; combinations that are forbidden answer zone 0. @see linux 6.1 include/linux/gfp.h GFP_ZONE_TABLE */
function gfpZonesOf(names: readonly string[]): Uint8Array {
  const normal = names.indexOf('Normal');
  const or = (name: string): number => (names.includes(name) ? names.indexOf(name) : normal);
  const table = new Uint8Array(16);
  table[0] = normal;
  table[1] = or('DMA');
  table[2] = or('HighMem');
  table[4] = or('DMA32');
  table[8] = normal;
  table[9] = or('DMA');
  table[10] = or('Movable');
  table[12] = or('DMA32');
  return table;
}

function zonelistsOf(zonelist: readonly string[], names: readonly string[]): Uint8Array {
  const order = zonelist.map((name, i) => {
    const index = names.indexOf(name);
    if (index < 0) throw new OptionError(`zonelist[${i}]`, `a zone of ${names.join(', ')}`, name);
    return index;
  });
  const table = new Uint8Array(names.length ** 2).fill(255);
  names.forEach((_, highest) => {
    order.filter((zone) => zone <= highest).forEach((zone, i) => (table[highest * names.length + i] = zone));
  });
  return table;
}

import {
  MAX_ORDER,
  MIGRATE_TYPE_NAMES,
  MigrateType,
  PageAllocator,
  PcpWord,
  ZONE_WORDS,
  ZoneWord,
  blockTypeOf,
  insertFreeTail,
  pageblocksByType,
  pcpAt,
  setBlockType,
} from '@mm/buddy';
import { SLAB_RECLAIM_ACCOUNT } from '@mm/kmem';
import { PageFlag, PageFrames, type PfnRange, PhysicalMemory } from '@mm/memory';
import { KernelLog, OptionError } from '@mm/printk';
import { SlubSystem } from '@mm/slub';
import { CellSpace } from '@mm/steps';
import type { KernelConfig, SysfsParts } from '@mm/sysfs';
import type { PfnSpan, VmSysctls } from '@mm/zones';

/** A machine whose zones are sized, but which has no free page yet. */
export interface SizedMachine {
  readonly spans: readonly PfnSpan[];
  readonly sysctls: VmSysctls;
  readonly cpus: number;
  readonly pageblockOrder: number;
  readonly cma: boolean;
  readonly config: KernelConfig;
}

/** The parts of such a machine, to be brought into the state that texts show. */
export function emptyParts(machine: SizedMachine): SysfsParts {
  const { spans, sysctls, cpus, pageblockOrder, cma, config } = machine;
  const cells = new CellSpace();
  const pages = new PageAllocator({
    memory: new PhysicalMemory(spans),
    frames: new PageFrames(spans),
    zones: sysctls.zones,
    cells,
    log: new KernelLog(),
    cpus,
    pageblockOrder,
    flatMemory: !config.sparsemem,
    cma,
  });
  return { pages, kmem: new SlubSystem({ pages, cells, bootCaches: false }), sysctls, config };
}

const numbersIn = (text: string): number[] => (text.match(/\d+/gu) ?? []).map(Number);

/** Free blocks by order, of each zone and migrate type. */
type FreeBlocks = ReadonlyArray<readonly [zone: string, type: number, counts: readonly number[]]>;

/** What a /proc/buddyinfo says; the type is not known and taken for movable. */
export const buddyinfoBlocks = (text: string): FreeBlocks =>
  [...text.matchAll(/^Node 0, zone +(\w+)((?: +\d+)+) $/gmu)].map((match) => [
    match[1]!,
    MigrateType.MOVABLE,
    numbersIn(match[2]!),
  ]);

/** What the first part of a /proc/pagetypeinfo says. */
export const pagetypeinfoBlocks = (text: string): FreeBlocks =>
  [...text.matchAll(/^Node +0, zone +(\w+), type +(\w+)((?: +\d+)+) $/gmu)].map((match) => [
    match[1]!,
    MIGRATE_TYPE_NAMES.indexOf(match[2]!),
    numbersIn(match[3]!),
  ]);

/**
 * Puts so many blocks on the free lists, wherever there is room in the zone. Aligned blocks that fitted once fit again, the largest first.
 * @throws OptionError for more than fit.
 */
export function loadFreeBlocks({ pages }: SysfsParts, blocks: FreeBlocks): void {
  const { zones, frames } = pages;
  const room = zones.indices().map((zone) => {
    const start = zones.startPfn[zone]!;
    const end = start + zones.spanned[zone]!;
    return frames.map.ranges
      .map(({ startPfn, endPfn }) => ({ startPfn: Math.max(start, startPfn), endPfn: Math.min(end, endPfn) }))
      .filter(({ startPfn, endPfn }) => startPfn < endPfn);
  });
  for (let order = MAX_ORDER - 1; order >= 0; order--)
    for (const [name, type, counts] of blocks) {
      const zone = (zones.names as readonly string[]).indexOf(name);
      if (zone === -1) throw new OptionError('text', `zones out of ${zones.names.join(', ')}`, name);
      for (let left = counts[order] ?? 0; left > 0; left--) {
        const pfn = takeRoom(room[zone]!, 2 ** order);
        if (pfn < 0) throw new OptionError('text', `free blocks of order ${order} that fit in ${name}`, left);
        insertFreeTail(pages, zone, pfn, order, type);
      }
    }
}

/** Takes `size` pages at a multiple of them out of the lowest range that has them; -1: none has. */
function takeRoom(room: PfnRange[], size: number): number {
  for (const [i, { startPfn, endPfn }] of room.entries()) {
    const pfn = Math.ceil(startPfn / size) * size;
    if (pfn + size > endPfn) continue;
    const rest = [
      { startPfn, endPfn: pfn },
      { startPfn: pfn + size, endPfn },
    ];
    room.splice(i, 1, ...rest.filter((range) => range.startPfn < range.endPfn));
    return pfn;
  }
  return -1;
}

/**
 * Gives as many pageblocks of each type as the second part of a /proc/pagetypeinfo says; larger ones count as several. What boot
 * leaves unmovable, for it begins in a hole, is so already.
 */
export function loadBlockTypes({ pages, config }: SysfsParts, pagetypeinfo: string): void {
  const { zones, pageblockOrder } = pages;
  const counts = pagetypeinfo.slice(pagetypeinfo.indexOf('Number of blocks type'));
  const parts = 2 ** (orderOf(pagetypeinfo) - pageblockOrder);
  const types = counts.split('\n')[0]!.trim().split(/ +/u).slice(4);
  for (const match of counts.matchAll(/^Node 0, zone +(\w+)((?: +\d+)+) $/gmu)) {
    const zone = (zones.names as readonly string[]).indexOf(match[1]!);
    const booted = pageblocksByType(pages, zone, config.sparsemem);
    const wanted = numbersIn(match[2]!).flatMap((count, i) => {
      const type = MIGRATE_TYPE_NAMES.indexOf(types[i]!);
      const missing = Math.max(0, count * parts - booted[type]!);
      return type === MigrateType.MOVABLE ? [] : Array<number>(missing).fill(type);
    });
    const end = zones.startPfn[zone]! + zones.spanned[zone]!;
    for (let pfn = zones.startPfn[zone]!; pfn < end && wanted.length > 0; pfn += 1 << pageblockOrder)
      if (blockTypeOf(pages, pfn) === MigrateType.MOVABLE && isOwnBlock(pages, zone, pfn))
        setBlockType(pages, pfn, wanted.shift()!);
  }
}

/** log2 of the pages of a pageblock, as a /proc/pagetypeinfo says. */
export const orderOf = (pagetypeinfo: string): number =>
  Number(/^Page block order: (\d+)/u.exec(pagetypeinfo)?.[1]);

/** Whether the pageblock of `pfn` has a type in the zone that is not that of the zone below. */
function isOwnBlock(
  { zones, pageblockOrder, flatMemory }: PageAllocator,
  zone: number,
  pfn: number,
): boolean {
  const first = zones.zoneOfPfn((pfn >> pageblockOrder) << pageblockOrder);
  return zones.zoneOfPfn(pfn) === zone && (flatMemory || first === zone || first === -1);
}

/** The counters that a /proc/zoneinfo shows of a zone's free pages and of per-cpu lists. */
export function loadCounters({ pages }: SysfsParts, zoneinfo: string): void {
  const sections = zoneinfo.split(/^Node 0, zone +/mu).slice(1);
  for (const [zone, section] of sections.entries()) {
    const all = (label: string): number[] =>
      [...section.matchAll(new RegExp(`^ +${label}:? +(\\d+)$`, 'gmu'))].map((match) => Number(match[1]));
    pages.zoneState[zone * ZONE_WORDS + ZoneWord.free] = all('pages free')[0] ?? 0;
    pages.zoneState[zone * ZONE_WORDS + ZoneWord.freeCma] = all('nr_free_cma')[0] ?? 0;
    for (const [cpu, count] of all('count').entries())
      pages.pcpState[pcpAt(cpu, zone) + PcpWord.count] = count;
  }
}

/** Frames that are slabs, and blocks that kmalloc took whole, in pages. */
export function loadSlabPages({ pages, kmem }: SysfsParts, reclaimable: number, unreclaimable: number): void {
  const { frames, zones } = pages;
  const cache = kmem.register.adopt({
    name: 'reclaimable',
    size: 4096,
    align: 8,
    flags: SLAB_RECLAIM_ACCOUNT,
    useroffset: 0,
    usersize: 0,
    ctor: null,
    refcount: 1,
  });
  const zone = zones.indices().find((one) => zones.managed[one]! > reclaimable)!;
  for (let pfn = zones.startPfn[zone]!, left = reclaimable; left > 0; pfn++) {
    if (!frames.map.has(pfn)) continue;
    const slot = frames.slotOf(pfn);
    frames.flags[slot]! |= PageFlag.slab;
    frames.owner0[slot] = cache.id;
    left--;
  }
  kmem.largePages = unreclaimable;
}

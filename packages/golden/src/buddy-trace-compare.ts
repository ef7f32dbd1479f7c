import {
  MAX_ORDER,
  MIGRATE_PCPTYPES,
  MIGRATE_TYPES,
  NR_PCP_LISTS,
  type PageAllocator,
  PcpWord,
  ZONE_WORDS,
  ZoneWord,
  blockTypeOf,
  freeListPfns,
  pcpAt,
  pcpListPfns,
  pcpTypeOf,
} from '@mm/buddy';

import { type BuddyState, type BuddyZoneState, expandPfns } from './load-state-schema.js';
import type { Mismatch } from './mismatch.js';

/** The counters of zones in the order of `bmini_columns`. */
export function countersOf(pages: PageAllocator, names: readonly string[]): Record<string, number[]> {
  return Object.fromEntries(
    names.map((name) => [name, zoneCounters(pages, (pages.zones.names as readonly string[]).indexOf(name))]),
  );
}

function zoneCounters(pages: PageAllocator, zone: number): number[] {
  const { zoneState, pcpState } = pages;
  const at = zone * ZONE_WORDS;
  const pcp = pcpAt(0, zone);
  return [
    zoneState[at + ZoneWord.free]!,
    pcpState[pcp + PcpWord.freeDiff]!,
    pcpState[pcp + PcpWord.count]!,
    pcpState[pcp + PcpWord.freeFactor]!,
    pages.zones.watermarkBoost[zone]!,
    zoneState[at + ZoneWord.reservedHighatomic]!,
    zoneState[at + ZoneWord.flags]!,
  ];
}

/** Compares the allocator with a recorded state; the first difference, or null. */
export function compareState(pages: PageAllocator, state: BuddyState, path: string): Mismatch | null {
  for (const [name, expected] of Object.entries(state)) {
    const zone = (pages.zones.names as readonly string[]).indexOf(name);
    const mismatch =
      compareFields(pages, zone, expected, `${path}.${name}.zone`) ??
      compareFree(pages, zone, expected, `${path}.${name}.free`) ??
      comparePcp(pages, zone, expected, `${path}.${name}`) ??
      comparePageblocks(pages, expected, `${path}.${name}.pageblocks`);
    if (mismatch !== null) return mismatch;
  }
  return null;
}

function compareFields(
  pages: PageAllocator,
  zone: number,
  { zone: expected }: BuddyZoneState,
  path: string,
): Mismatch | null {
  const { zones, pcpState } = pages;
  const [free, , , , boost, highatomic, flags] = zoneCounters(pages, zone);
  const fields: Array<[string, number, number]> = [
    ['nr_free', expected.nr_free, free!],
    ['boost', expected.boost, boost!],
    ['highatomic', expected.highatomic, highatomic!],
    ['flags', expected.flags, flags!],
    ['managed', expected.managed, zones.managed[zone]!],
  ];
  expected.pcp.forEach((cpu, i) => {
    const at = pcpAt(i, zone);
    fields.push(
      [`pcp[${i}].count`, cpu.count, pcpState[at + PcpWord.count]!],
      [`pcp[${i}].high`, cpu.high, pcpState[at + PcpWord.high]!],
      [`pcp[${i}].batch`, cpu.batch, pcpState[at + PcpWord.batch]!],
      [`pcp[${i}].free_factor`, cpu.free_factor, pcpState[at + PcpWord.freeFactor]!],
      [`pcp[${i}].free_diff`, cpu.free_diff, pcpState[at + PcpWord.freeDiff]!],
    );
  });
  const wrong = fields.find(([, want, got]) => want !== got);
  return wrong === undefined ? null : { path: `${path}.${wrong[0]}`, expected: wrong[1], actual: wrong[2] };
}

function comparePfns(path: string, expected: number[], actual: number[]): Mismatch | null {
  const length = Math.max(expected.length, actual.length);
  for (let i = 0; i < length; i++)
    if (expected[i] !== actual[i])
      return {
        path: `${path}[${i}]`,
        expected: expected[i] ?? 'end of list',
        actual: actual[i] ?? 'end of list',
      };
  return null;
}

function compareFree(
  pages: PageAllocator,
  zone: number,
  expected: BuddyZoneState,
  path: string,
): Mismatch | null {
  const lists = new Map(expected.free.map(([order, type, items]) => [order * MIGRATE_TYPES + type, items]));
  for (let order = 0; order < MAX_ORDER; order++)
    for (let type = 0; type < MIGRATE_TYPES; type++) {
      const want = expandPfns(lists.get(order * MIGRATE_TYPES + type) ?? []);
      const got = freeListPfns(pages, zone, order, type);
      const mismatch = comparePfns(`${path}[order ${order}, type ${type}]`, want, got);
      if (mismatch !== null) return mismatch;
    }
  return null;
}

const sorted = (pairs: ReadonlyArray<readonly [number, number]>): string =>
  JSON.stringify(pairs.toSorted((a, b) => a[0] - b[0]));

function comparePcp(
  pages: PageAllocator,
  zone: number,
  expected: BuddyZoneState,
  path: string,
): Mismatch | null {
  const lists = new Map(expected.pcp_lists);
  const odd: Array<[number, number]> = [];
  for (let index = 0; index < NR_PCP_LISTS; index++) {
    const got = pcpListPfns(pages, 0, zone, index);
    const mismatch = comparePfns(`${path}.pcp_lists[${index}]`, expandPfns(lists.get(index) ?? []), got);
    if (mismatch !== null) return mismatch;
    for (const pfn of got) {
      const type = pcpTypeOf(pages, pfn, index);
      if (type !== index % MIGRATE_PCPTYPES) odd.push([pfn, type]);
    }
  }
  if (sorted(odd) === sorted(expected.pcp_odd)) return null;
  return { path: `${path}.pcp_odd`, expected: sorted(expected.pcp_odd), actual: sorted(odd) };
}

function comparePageblocks(
  pages: PageAllocator,
  { zone, pageblocks }: BuddyZoneState,
  path: string,
): Mismatch | null {
  let block = zone.start_pfn >> pages.pageblockOrder;
  for (const [type, run] of pageblocks)
    for (let i = 0; i < run; i++, block++)
      if (type >= 0 && blockTypeOf(pages, block << pages.pageblockOrder) !== type)
        return {
          path: `${path}[block ${block}]`,
          expected: type,
          actual: blockTypeOf(pages, block << pages.pageblockOrder),
        };
  return null;
}

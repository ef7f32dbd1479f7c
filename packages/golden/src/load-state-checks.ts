import { MAX_ORDER, MIGRATE_PCPTYPES, MIGRATE_TYPES, MigrateType, NR_PCP_LISTS } from '@mm/buddy';
import { OptionError, checkInteger, checkText } from '@mm/printk';

import {
  type BuddyState,
  type BuddyZoneState,
  type PfnItems,
  buddyStateSchema,
  expandPfns,
} from './load-state-schema.js';

/** Pages of all zones together that a state may span: 4 TiB. */
const SPANNED_MAX = 2 ** 30;
/** Elements of all lists of a zone after expansion: a state of 16 GiB of single pages. */
const LISTED_MAX = 2 ** 22;

/**
 * Checks a state from outside, shape first, then sense: blocks are aligned, inside their zone, in one
 * list only; counts equal what the lists hold.
 * @throws OptionError naming the field, for example `before.DMA32.zone.nr_free`.
 * @example
 * checkBuddyState(JSON.parse(text), 9); // throws, naming the field, when it is none
 */
export function checkBuddyState(state: unknown, pageblockOrder: number, name = 'state'): BuddyState {
  checkInteger('pageblockOrder', pageblockOrder, 1, MAX_ORDER - 1);
  checkText('name', name);
  const parsed = buddyStateSchema.safeParse(state);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new OptionError([name, ...issue.path].join('.'), issue.message, valueAt(state, issue.path));
  }
  if (Object.keys(parsed.data).length === 0) throw new OptionError(name, 'at least one zone', state);
  for (const [key, zone] of Object.entries(parsed.data))
    checkZone(zone, pageblockOrder, `${name}.${key}`, key);
  return parsed.data;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return value;
}

function checkZone(state: BuddyZoneState, pageblockOrder: number, path: string, key: string): void {
  const { zone } = state;
  if (zone.name !== key) throw new OptionError(`${path}.zone.name`, `"${key}"`, zone.name);
  if (zone.start_pfn + zone.spanned > SPANNED_MAX)
    throw new OptionError(`${path}.zone.spanned`, `a zone below pfn ${SPANNED_MAX}`, zone.spanned);
  if (zone.present > zone.spanned)
    throw new OptionError(`${path}.zone.present`, `at most spanned (${zone.spanned})`, zone.present);
  if (zone.managed > zone.present)
    throw new OptionError(`${path}.zone.managed`, `at most present (${zone.present})`, zone.managed);
  checkPageblocks(state, pageblockOrder, path);
  const blocks = [...freeBlocks(state, path), ...pcpBlocks(state, path)];
  checkDisjoint(blocks);
  checkCounts(state, path);
  checkOdd(state, path);
  (state.lru_runs ?? []).forEach(([first, pages], i) => {
    if (first < zone.start_pfn || first + pages > zone.start_pfn + zone.spanned)
      throw new OptionError(`${path}.lru_runs[${i}]`, 'a run inside the zone', first);
  });
}

/** A block of a list, and the list. */
interface Listed {
  readonly pfn: number;
  readonly order: number;
  readonly path: string;
}

function freeBlocks(state: BuddyZoneState, path: string): Listed[] {
  return state.free.flatMap(([order, type, items], i) => {
    const list = `${path}.free[${i}]`;
    if (order >= MAX_ORDER) throw new OptionError(`${list}[0]`, `an order below ${MAX_ORDER}`, order);
    if (type >= MIGRATE_TYPES) throw new OptionError(`${list}[1]`, 'a migrate type, 0..5', type);
    return listed(state, items, order, `${list}[2]`);
  });
}

function pcpBlocks(state: BuddyZoneState, path: string): Listed[] {
  return state.pcp_lists.flatMap(([index, items], i) => {
    const list = `${path}.pcp_lists[${i}]`;
    if (index >= NR_PCP_LISTS)
      throw new OptionError(`${list}[0]`, `a list index below ${NR_PCP_LISTS}`, index);
    return listed(state, items, Math.floor(index / MIGRATE_PCPTYPES), `${list}[1]`);
  });
}

function listed(state: BuddyZoneState, items: PfnItems, order: number, path: string): Listed[] {
  const { start_pfn: start, spanned } = state.zone;
  return expandChecked(items, path).map((pfn) => {
    if (pfn < start || pfn + (1 << order) > start + spanned)
      throw new OptionError(path, `blocks inside the zone [${start}, ${start + spanned})`, pfn);
    if (pfn % (1 << order) !== 0) throw new OptionError(path, `multiples of ${1 << order}`, pfn);
    return { pfn, order, path };
  });
}

function checkDisjoint(blocks: Listed[]): void {
  blocks.sort((a, b) => a.pfn - b.pfn);
  let end = 0;
  for (const { pfn, order, path } of blocks) {
    if (pfn < end) throw new OptionError(path, 'each page in one list, once', pfn);
    end = pfn + (1 << order);
  }
}

const pagesOf = (lists: ReadonlyArray<readonly [number, PfnItems]>): number =>
  lists.reduce((sum, [order, items]) => sum + (expandPfns(items).length << order), 0);

function checkCounts({ zone, free, pcp_lists: pcpLists }: BuddyZoneState, path: string): void {
  const onPcp = pagesOf(pcpLists.map(([index, items]) => [Math.floor(index / MIGRATE_PCPTYPES), items]));
  if (onPcp !== zone.pcp[0]!.count)
    throw new OptionError(
      `${path}.zone.pcp[0].count`,
      `${onPcp}, the pages on its lists`,
      zone.pcp[0]!.count,
    );
  const all = pagesOf(free.map(([order, , items]) => [order, items]));
  const counted = pagesOf(
    free.filter(([, type]) => type !== MigrateType.ISOLATE).map(([order, , items]) => [order, items]),
  );
  const parts = zone.pcp.reduce((sum, cpu) => sum + cpu.free_diff, 0);
  if (zone.nr_free + parts !== counted)
    throw new OptionError(
      `${path}.zone.nr_free`,
      `${counted - parts}, the pages on the free lists less free_diff`,
      zone.nr_free,
    );
  if (all + onPcp > zone.managed)
    throw new OptionError(
      `${path}.zone.managed`,
      `at least ${all + onPcp}, the pages on all lists`,
      zone.managed,
    );
}

function checkOdd(state: BuddyZoneState, path: string): void {
  const onPcp = new Set(state.pcp_lists.flatMap(([, items]) => expandPfns(items)));
  state.pcp_odd.forEach(([pfn, type], i) => {
    const odd = `${path}.pcp_odd[${i}]`;
    if (type >= MIGRATE_TYPES) throw new OptionError(`${odd}[1]`, 'a migrate type, 0..5', type);
    if (!onPcp.delete(pfn)) throw new OptionError(`${odd}[0]`, 'a page on a per-cpu list, once', pfn);
  });
}

function expandChecked(items: PfnItems, path: string): number[] {
  let length = 0;
  for (const item of items) length += typeof item === 'number' ? 1 : item[2];
  if (length > LISTED_MAX) throw new OptionError(path, `at most ${LISTED_MAX} blocks`, length);
  return expandPfns(items);
}

function checkPageblocks(state: BuddyZoneState, pageblockOrder: number, path: string): void {
  const { zone } = state;
  const first = zone.start_pfn >> pageblockOrder;
  const end = zone.start_pfn + zone.spanned;
  const expected = zone.spanned === 0 ? 0 : ((end - 1) >> pageblockOrder) - first + 1;
  let blocks = 0;
  state.pageblocks.forEach(([type, run], i) => {
    if (type >= MIGRATE_TYPES)
      throw new OptionError(`${path}.pageblocks[${i}][0]`, 'a migrate type, -1..5', type);
    blocks += run;
  });
  if (blocks !== expected)
    throw new OptionError(`${path}.pageblocks`, `${expected} pageblocks of order ${pageblockOrder}`, blocks);
}

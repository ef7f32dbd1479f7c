import { readFileSync } from 'node:fs';
import { checkBuddyInvariants, freeListPfns, pcpListPfns, snapshotAllocator } from '@mm/buddy';
import { expect, test } from 'vitest';

import { compareState } from './buddy-trace-compare.js';
import { loadState } from './load-state.js';
import { machineFromState } from './load-state-machine.js';
import { type BuddyState, expandPfns } from './load-state-schema.js';

const cases: Array<{ before: BuddyState; after: BuddyState; zonelist: string[] }> = JSON.parse(
  readFileSync(new URL('../../../golden/mm/buddy-trace.json', import.meta.url), 'utf8'),
).cases;
const recorded = cases[0]!;
const zonelist = recorded.zonelist;

/** The first case's state with one value changed. */
function changed(path: string, value: unknown): unknown {
  const state = structuredClone(recorded.before) as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop()!;
  let at = state;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  at[last] = value;
  return state;
}

test('every list is in its recorded order, and the whole structure holds', () => {
  for (const { before, zonelist: list } of cases.slice(0, 10)) {
    const { pages } = machineFromState(before, { zonelist: list });
    expect(compareState(pages, before, 'before')).toBeNull();
    expect(checkBuddyInvariants(pages)).toEqual([]);
    const [order, type, items] = before['DMA32']!.free[0]!;
    expect(freeListPfns(pages, 1, order, type)).toEqual(expandPfns(items));
    for (const [index, listed] of before['DMA32']!.pcp_lists)
      expect(pcpListPfns(pages, 0, 1, index)).toEqual(expandPfns(listed));
  }
});

test('a state replaces what the allocator held before', () => {
  const { pages } = machineFromState(cases[1]!.before, { zonelist });
  loadState(pages, recorded.before);
  expect(compareState(pages, recorded.before, 'before')).toBeNull();
  expect(checkBuddyInvariants(pages)).toEqual([]);
});

test.each([
  ['DMA32.zone.nr_free', 1, 'state.DMA32.zone.nr_free: expected 14510'],
  ['DMA32.zone.nr_free', 'many', 'state.DMA32.zone.nr_free'],
  ['DMA32.zone.managed', 10, 'state.DMA32.zone.managed: expected at least'],
  ['DMA32.zone.managed', 1e9, 'state.DMA32.zone.managed: expected at most present'],
  ['DMA32.zone.spanned', 2 ** 40, 'state.DMA32.zone.spanned'],
  ['DMA32.zone.name', 'DMA', 'state.DMA32.zone.name: expected "DMA32", got "DMA"'],
  ['DMA32.zone.wmark', [1, 2, 3], 'state.DMA32.zone.wmark'],
  ['DMA32.zone.pcp', [], 'state.DMA32.zone.pcp'],
  ['DMA32.zone.pcp.0.count', 3, 'state.DMA32.zone.pcp[0].count: expected 221'],
  ['DMA32.pageblocks', [[1, 3]], 'state.DMA32.pageblocks: expected 20 pageblocks of order 10, got 3'],
  ['DMA32.pageblocks', [[9, 20]], 'state.DMA32.pageblocks[0][0]: expected a migrate type'],
  ['DMA32.free', [[0, 1, [1]]], 'state.DMA32.free[0][2]: expected blocks inside the zone'],
  ['DMA32.free', [[3, 1, [8001]]], 'state.DMA32.free[0][2]: expected multiples of 8'],
  ['DMA32.free', [[11, 1, [8192]]], 'state.DMA32.free[0][0]: expected an order below 11'],
  ['DMA32.free', [[0, 1, [8192, 8192]]], 'expected each page in one list, once, got 8192'],
  [
    'DMA32.free',
    [
      [0, 1, [8193]],
      [3, 1, [8192]],
    ],
    'expected each page in one list, once, got 8193',
  ],
  ['DMA32.free', [[0, 1, [[4096, 0, 2 ** 30]]]], 'state.DMA32.free[0][2]: expected at most 4194304 blocks'],
  ['DMA32.pcp_lists', [[12, [8192]]], 'state.DMA32.pcp_lists[0][0]: expected a list index below 12'],
  ['DMA32.pcp_odd', [[4097, 3]], 'state.DMA32.pcp_odd[0][0]: expected a page on a per-cpu list'],
  ['DMA32.lru_runs', [[4090, 10]], 'state.DMA32.lru_runs[0]: expected a run inside the zone'],
  ['DMA32', null, 'state.DMA32'],
  ['HighMem', recorded.before['DMA'], 'state.HighMem'],
])('a state with a wrong %s is refused by name, and nothing changes', (path, value, message) => {
  const { pages } = machineFromState(recorded.before, { zonelist });
  const before = snapshotAllocator(pages);
  expect(() => loadState(pages, changed(path, value))).toThrow(message);
  expect(snapshotAllocator(pages)).toEqual(before);
  expect(() => machineFromState(changed(path, value), { zonelist })).toThrow(message);
});

test.each([[null], [[]], [{}], ['state'], [7]])('what is no state at all is refused (%#)', (state) => {
  expect(() => machineFromState(state, { zonelist })).toThrow(/^state/u);
});

test('a zonelist with an unknown zone is refused by name', () => {
  expect(() => machineFromState(recorded.before, { zonelist: ['DMA64'] })).toThrow(
    'zonelist[0]: expected a zone of',
  );
});

test('a state of another machine is refused by the field that does not fit', () => {
  const { pages } = machineFromState(recorded.before, { zonelist });
  const other = cases.find(
    ({ before }) => before['DMA32']!.zone.spanned !== recorded.before['DMA32']!.zone.spanned,
  )!;
  expect(() => loadState(pages, other.before)).toThrow('state.DMA32.zone.spanned: expected 20448');
});

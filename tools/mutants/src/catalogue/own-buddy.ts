import type { Hunt } from '../hunt/hunt.js';
import type { Edit, Mutant, MutantKind } from '../mutant.js';
import { COUNTERS, LISTS, PAGE_COUNT, check, edit, programs, scenario } from './hunts.js';

const PAGES_TWICE = 'no page has two owners';

const own = (
  id: string,
  kind: MutantKind,
  mechanism: string,
  edits: readonly Edit[],
  hunts: readonly Hunt[] = [programs('buddy')],
  breaks: readonly string[] = [LISTS, PAGE_COUNT, COUNTERS, PAGES_TWICE],
): Mutant => ({ id: `buddy-${id}`, history: 'ours', kind, mechanism, breaks, edits, hunts });

/** Lines of the page allocator's fast and slow paths. */
export const OWN_BUDDY: readonly Mutant[] = [
  own('merge-unlink', 'logic', 'a buddy that is merged stays on its free list', [
    edit(
      'buddy/merge-block',
      '    next[before] = after;\n    prev[after] = before;\n    if (after',
      '    if (after',
    ),
  ]),
  own('merge-mask', 'logic', 'the bit of a list stays set when its last block is merged away', [
    edit(
      'buddy/merge-block',
      '      listMask[head >> 4]! &= ~(1 << (head & 15));',
      '      listMask[head >> 4]! &= ~0;',
    ),
  ]),
  own('merge-count', 'accounting', 'a merged buddy stays in the count of its order', [
    edit('buddy/merge-block', 'areaFree[area++]! -= 1;', 'areaFree[area++]! -= 0;'),
  ]),
  own('merge-never', 'logic', 'a freed block does not look for its buddy from order 3 on', [
    edit(
      'buddy/merge-block',
      '    if ((flags[buddy]! & mask) !== key) break;',
      '    if ((flags[buddy]! & mask) !== key || order === 3) break;',
    ),
  ]),
  own(
    'merge-zone',
    'logic',
    'blocks of two zones merge',
    [
      edit(
        'buddy/merge-block',
        'if ((flags[buddy]! & mask) !== key) break;',
        'if (((flags[buddy]! ^ key) & mask & ~(7 << 21)) !== 0) break;',
      ),
    ],
    [check('buddy: zones that share a block')],
    [LISTS],
  ),
  own('split-half', 'logic', 'the upper half of a split is marked with the order of the whole', [
    edit(
      'buddy/split-block',
      '    key = (key - (1 << SHIFT)) | 0;',
      '    key = (key - (half === from - 1 ? 0 : 1 << SHIFT)) | 0;',
    ),
  ]),
  own('split-rest', 'accounting', 'a split does not count the halves that it gives back', [
    edit(
      'buddy/split-block',
      '    areaFree[area] = (areaFree[area]! + 1) | 0;',
      '    areaFree[area] = areaFree[area]! | 0;',
    ),
  ]),
  own('take-head', 'logic', 'the list keeps the block that is taken off it', [
    edit(
      'buddy/split-block',
      '  if (after === head) listMask[set]! &= ~(1 << from);',
      '  if (after < 0) listMask[set]! &= ~(1 << from);',
    ),
  ]),
  own('fast-count', 'accounting', 'the fast path of alloc does not count the page off the per-cpu list', [
    edit(
      'buddy/stepped/alloc-pages',
      'state[count] = state[count]! - 1;',
      'state[count] = state[count]! - 0;',
    ),
  ]),
  own('fast-order-count', 'accounting', 'a block off a per-cpu list counts as one page', [
    edit(
      'buddy/stepped/alloc-pages',
      'state[count] = (state[count]! - (1 << order)) | 0;',
      'state[count] = (state[count]! - 1) | 0;',
    ),
  ]),
  own(
    'fast-zero',
    'logic',
    'the fast path of alloc does not zero',
    [
      edit(
        'buddy/stepped/alloc-pages',
        '  if ((gfp & AS_ASKED) !== 0) prepareAsAsked(pages, slot, order, gfp);',
        '  if ((gfp & AS_ASKED & ~0x100) !== 0) prepareAsAsked(pages, slot, order, gfp & ~0x100);',
      ),
    ],
    undefined,
    ['memory asked for with __GFP_ZERO is zero'],
  ),
  own(
    'fast-floor',
    'logic',
    'a single page is taken although the zone is below its floor',
    [
      edit(
        'buddy/stepped/alloc-pages',
        'if (state[STATE_ZONES + (zone << 3)]! <= state[STATE_FLOORS + (gfp & 31)]!)',
        'if (state[STATE_ZONES + (zone << 3)]! < 0)',
      ),
    ],
    [check('buddy: a zone is left its watermark')],
    ['who may not go below a watermark leaves it'],
  ),
  own(
    'watermark-reserve',
    'logic',
    'a watermark check leaves out what is kept from callers that could go higher',
    [
      edit(
        'buddy/watermark-check',
        'if (free <= min + pages.zones.lowmemReserve[zone * pages.nrZones + highest]!) return false;',
        'if (free <= min) return false;',
      ),
      edit(
        'buddy/watermark-check',
        'if (usable > mark + zones.lowmemReserve[zone * pages.nrZones + highest]!) return true;',
        'if (usable > mark) return true;',
      ),
    ],
    [check('buddy: a zone is left its watermark')],
    ['who may not go below a watermark leaves it'],
  ),
  own(
    'watermark-strict',
    'logic',
    'an allocation that may use the reserves is held to the low watermark',
    [edit('buddy/watermark-check', '    min -= min >> 1;\n    if (', '    min += min >> 1;\n    if (')],
    [check('buddy: who may use the reserves')],
    ['who may use the reserves gets a page below the watermark'],
  ),
  own(
    'zone-too-high',
    'flags',
    'an allocation for DMA32 looks at ZONE_NORMAL first',
    [
      edit(
        'buddy/allocation-plan',
        'const highest = pages.gfpZones[bits & 15]!;',
        'const highest = pages.gfpZones[bits & 11]!;',
      ),
    ],
    [programs('buddy', { preset: 'arm64-2018' })],
    ['a block comes from a zone that the flags allow'],
  ),
  own(
    'free-pcp-list',
    'logic',
    'a single page is freed to the per-cpu list of another order',
    [
      edit(
        'buddy/stepped/free-pages',
        'const head = pages.pcpBase + (set << 4) + (info & 7);',
        'const head = pages.pcpBase + (set << 4) + 3 + (info & 7);',
      ),
    ],
    [programs('buddy', { strict: false })],
  ),
  own(
    'free-pcp-count',
    'accounting',
    'the fast path of free does not count the page',
    [edit('buddy/stepped/free-pages', 'const count = state[at]! + 1;', 'const count = state[at]!;')],
    [programs('buddy', { strict: false })],
  ),
  own(
    'free-references',
    'lifetime',
    'the fast path of free frees a page that others refer to',
    [
      edit(
        'buddy/stepped/free-pages',
        '  if (left !== 0) return markOddReference(pages, slot);',
        '  if (left < 0) return markOddReference(pages, slot);',
      ),
    ],
    [check('buddy: a speculative reference to a block')],
    ['a page with references is not free'],
  ),
  own('free-order-count', 'accounting', 'a block on a per-cpu list counts as one page', [
    edit(
      'buddy/stepped/pcp',
      'const count = (state[pcp + COUNT]! + (1 << order)) | 0;',
      'const count = (state[pcp + COUNT]! + 1) | 0;',
    ),
  ]),
  own('refill-count', 'accounting', 'a refill counts blocks, not pages', [
    edit('buddy/stepped/pcp', '+= arrived << order;', '+= arrived;'),
  ]),
  own('refill-free', 'accounting', 'pages on per-cpu lists stay in the count of free pages', [
    edit(
      'buddy/pcp-refill',
      '  modFreePages(pages, cpu, zone, -(taken << order));',
      '  modFreePages(pages, cpu, zone, -(taken << 0));',
    ),
  ]),
  own('give-back-free', 'accounting', 'pages that are given back do not join the count of free pages', [
    edit('buddy/pcp-give-back', 'part = (part + size) | 0;', 'part = (part + 1) | 0;'),
  ]),
  own('give-back-run', 'logic', 'blocks that are given back downwards are aligned by their lower end', [
    edit('buddy/pcp-give-back', 'const edge = up > 0 ? from : to;', 'const edge = from;'),
  ]),
  own('refill-run', 'logic', 'a larger block that comes to a per-cpu list loses its last part', [
    edit(
      'buddy/pcp-refill',
      'const end = (first + blocks * size) | 0;',
      'const end = (first + (blocks > 1 ? blocks - 1 : blocks) * size) | 0;',
    ),
  ]),
  own('counter-fold', 'accounting', "a CPU's part of a counter is folded and kept", [
    edit('buddy/zone-counters', '    part = 0;\n', '    part = 1;\n'),
  ]),
  own(
    'pcp-lock',
    'interleaving',
    'a drain works on the per-cpu lists without their lock',
    [
      edit(
        'buddy/stepped/drain',
        '    yield lock(pcpLock(pages, cpu, zone));',
        '    yield rmw(pages.zoneFreeCell + zone);',
      ),
      edit(
        'buddy/stepped/drain',
        '    yield unlock(pcpLock(pages, cpu, zone));',
        '    yield rmw(pages.zoneFreeCell + zone);',
      ),
    ],
    [scenario('buddy-drain-alloc'), scenario('buddy-pcp-disable'), scenario('buddy-bulk-alloc')],
  ),
  own(
    'isolate-free',
    'accounting',
    'the free pages of an isolated pageblock stay in the count of free pages',
    [
      edit(
        'buddy/isolate-block',
        '  modFreepageState(pages, cpu, zone, -moved, type);',
        '  modFreepageState(pages, cpu, zone, -moved >> 1, type);',
      ),
    ],
  ),
  own('unisolate-count', 'accounting', 'a pageblock that is no longer isolated stays in their count', [
    edit(
      'buddy/isolate-block',
      '  pages.zoneState[zone * ZONE_WORDS + ZoneWord.isolatedBlocks]!--;',
      '  pages.zoneState[zone * ZONE_WORDS + ZoneWord.isolatedBlocks]! -= 2;',
    ),
  ]),
  own(
    'unisolate-free',
    'accounting',
    'a page on its way to an isolated pageblock goes to the lists of such when the pageblock is in use again',
    [edit('buddy/stepped/free-pages', ' > 0 || type === ISOLATE;', ' > 0;')],
    [scenario('buddy-unisolate-free')],
  ),
  own(
    'bulk-count',
    'logic',
    'a bulk allocation reports one page more than it took',
    [
      edit(
        'buddy/stepped/alloc-bulk',
        '  pfns[populated] = pfn;\n  return populated + 1;',
        '  pfns[populated] = pfn;\n  return populated + 2;',
      ),
    ],
    undefined,
    ['a bulk allocation fills from the start'],
  ),
  own('fallback-steal', 'logic', 'a block that is stolen from another type stays on that list', [
    edit(
      'buddy/free-area',
      '    unlinkFree(pages, next, prev, slot);\n    linkAfter(next, prev, prev[listHead',
      '    linkAfter(next, prev, prev[listHead',
    ),
  ]),
];

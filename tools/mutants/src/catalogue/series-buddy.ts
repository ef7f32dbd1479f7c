import type { Mutant } from '../mutant.js';
import { COUNTERS, LISTS, PAGE_COUNT, check, commit, edit, programs, scenario } from './hunts.js';

/** Numbers 21 to 30 of the series' catalogue: SLAB's reader, the page allocator and zones. */
export const SERIES_BUDDY: readonly Mutant[] = [
  {
    id: '21',
    history: 'SLAB, 5.2',
    kind: 'interleaving',
    mechanism:
      'who waits for something to settle unsettles it itself, for ever (there a reader of slabinfo, here the drain of a partial list)',
    breaks: ['no livelock'],
    edits: [
      edit(
        'slub/stepped/partial',
        '      if (raced(frames.owner1[slot] !== freelist || frames.owner2[slot] !== counters)) {',
        '      frames.owner2[slot]! ^= 1;\n      if (raced(frames.owner1[slot] !== freelist || frames.owner2[slot] !== counters)) {',
      ),
    ],
    hunts: [scenario('slub-cpu-partial'), scenario('slub-cpu-offline')],
  },
  {
    id: '22a',
    history: '5.10',
    link: commit('e320d3012d25'),
    kind: 'accounting',
    mechanism:
      'the tail pages of a block that is not compound leak when somebody else still holds its first page',
    breaks: [
      'with the last reference all pages of a block are free',
      'free + isolated + taken pages = managed pages',
    ],
    edits: [edit('buddy/stepped/free-pages', '  if (isHead) return;\n', '  if (order >= 0) return;\n')],
    hunts: [scenario('buddy-speculative'), check('buddy: a speculative reference to a block')],
  },
  {
    id: '22b',
    history: '6.6, the fix of 22a',
    link: commit('462a8e08e0e6'),
    kind: 'interleaving',
    mechanism:
      'whether a block is compound is read after its reference has been dropped: others may have freed it',
    breaks: [
      LISTS,
      COUNTERS,
      'free + isolated + taken pages = managed pages',
      'with the last reference all pages of a block are free',
      'no misuse that a strict machine refuses',
    ],
    edits: [
      edit(
        'buddy/stepped/free-pages',
        '  if (isHead) return;\n',
        '  yield rmw(pages.refcountCell + (slot & 255));\n  if ((pages.frames.flags[slot]! & HEAD) !== 0) return;\n',
      ),
    ],
    hunts: [
      scenario('buddy-speculative-compound'),
      scenario('buddy: a speculative reference to a compound block'),
    ],
  },
  {
    id: '23',
    history: '5.15',
    link: commit('47aef6010b83'),
    kind: 'accounting',
    mechanism: 'a page is given back under the type that it had before its pageblock was isolated',
    breaks: [COUNTERS, LISTS, PAGE_COUNT],
    edits: [
      edit(
        'buddy/pcp-give-back',
        'if (pages.zoneState[(zone << ZONE_SHIFT) | ISOLATED]! > 0)\n    type =',
        'if (pages.zoneState[zone * ZONE_WORDS + ISOLATED]! > 1e9) type =',
      ),
    ],
    hunts: [scenario('buddy-isolate-free'), programs('buddy')],
  },
  {
    id: '24',
    history: '5.9',
    link: commit('88e8ac11d2ea'),
    kind: 'interleaving',
    mechanism:
      'pages are given back by a count that the lists no longer hold: the search for a list never ends',
    breaks: ['every operation ends', 'a drain leaves nothing', LISTS],
    edits: [
      edit('buddy/pcp-give-back', 'let left = Math.min(pcpState[counter]!, count);', 'let left = count;'),
      edit(
        'buddy/stepped/drain',
        'const chunk = Math.min(left, batch << PCP_BATCH_SCALE_MAX);',
        'const chunk = batch << PCP_BATCH_SCALE_MAX;',
      ),
    ],
    hunts: [check('buddy: a drain of short lists')],
  },
  {
    id: '25',
    history: '6.11',
    link: commit('66eca1021a42'),
    kind: 'interleaving',
    mechanism: 'a drain counts the per-cpu pages before it holds the lock, and writes what it has counted',
    breaks: [COUNTERS, LISTS, PAGE_COUNT],
    edits: [
      edit(
        'buddy/stepped/drain',
        '    yield irqSave;\n    yield lock(pcpLock(pages, cpu, zone));\n    left = pages.pcpState[at + PcpWord.count]!;',
        '    yield rmw(pages.zoneFreeCell + zone);\n    left = pages.pcpState[at + PcpWord.count]!;\n    yield irqSave;\n    yield lock(pcpLock(pages, cpu, zone));',
      ),
      edit(
        'buddy/stepped/drain',
        '      left -= chunk;',
        '      left -= chunk;\n      pages.pcpState[at + PcpWord.count] = left;',
      ),
    ],
    hunts: [
      scenario('buddy-drain-alloc'),
      scenario('buddy-drain-free'),
      programs('buddy', {}, 'interleaved'),
    ],
  },
  {
    id: '26',
    history: '4.4 and after',
    link: commit('4855e4a7f29d'),
    kind: 'accounting',
    mechanism: 'the reserve for high-order atomic allocations is counted down twice for one pageblock',
    breaks: [
      'reserved pages = pages of the pageblocks of that type',
      'the high-order reserve = its pageblocks',
    ],
    edits: [
      edit(
        'buddy/highatomic',
        'pages.zoneState[at] = Math.max(0, pages.zoneState[at]! - (1 << pages.pageblockOrder));',
        'pages.zoneState[at] = pages.zoneState[at]! - (2 << pages.pageblockOrder);',
      ),
    ],
    hunts: [scenario('buddy-unreserve-free'), check('buddy: the high-order reserve comes and goes')],
  },
  {
    id: '27a',
    history: '4.1',
    link: commit('d9dddbf55667'),
    kind: 'logic',
    mechanism: 'a free block merges with its buddy across the border of an isolated pageblock',
    breaks: [COUNTERS, LISTS, PAGE_COUNT],
    edits: [
      edit(
        'buddy/merge-block',
        'key || !mayMerge(pages, buddy, type))',
        'key || (type > 9 && !mayMerge(pages, buddy, type)))',
      ),
    ],
    hunts: [scenario('buddy-isolate-merge'), programs('buddy')],
  },
  {
    id: '27b',
    history: '5.18',
    link: commit('787af64d05cd'),
    kind: 'logic',
    mechanism: 'when a pageblock is no longer isolated its buddy is taken for free without a look',
    breaks: [LISTS, 'a block lies inside one zone'],
    edits: [
      edit(
        'buddy/isolate-block',
        'return freeOrderAt(pages, buddy) === order && blockTypeOf',
        'return freeOrderAt(pages, buddy) <= order && blockTypeOf',
      ),
      edit(
        'buddy/merge-block',
        '    if ((flags[buddy]! & MASK) !== key || !mayMerge',
        '    if (((flags[buddy]! & MASK) !== key && !toTail) || !mayMerge',
      ),
    ],
    hunts: [programs('buddy')],
  },
  {
    id: '28a',
    history: '6.0, of 2.6 and after',
    link: commit('3d36424b3b58'),
    kind: 'interleaving',
    mechanism: 'an allocation that walked the zonelist while it was rebuilt fails, and does not start over',
    breaks: ['an allocation does not fail while memory is free'],
    edits: [edit('buddy/stepped/alloc-pages', ' === seen) break;', ' >= seen) break;')],
    hunts: [scenario('buddy-zonelists')],
  },
  {
    id: '28b',
    history: '6.4, of the fix of 28a',
    link: commit('1007843a9190'),
    kind: 'interleaving',
    mechanism:
      'the zonelists are rebuilt with interrupts on: a handler that allocates waits for the CPU that it interrupted',
    breaks: ['no deadlock'],
    edits: [
      edit(
        'buddy/stepped/zonelists',
        '  yield irqSave;\n  yield lock(pages.zonelistLockCell);\n  pages.zonelistSeq++;\n',
        '  yield lock(pages.zonelistLockCell);\n  pages.zonelistSeq++;\n',
      ),
      edit(
        'buddy/stepped/zonelists',
        '  yield unlock(pages.zonelistLockCell);\n  yield irqRestore;\n}',
        '  yield unlock(pages.zonelistLockCell);\n}',
      ),
    ],
    hunts: [scenario('buddy-zonelists')],
  },
  {
    id: '29',
    history: '5.0',
    link: commit('14f69140ff9c'),
    kind: 'accounting',
    mechanism: 'a boost of the watermark is more than a tiny zone has',
    breaks: ['a zone of fewer than four pageblocks has no boost'],
    edits: [
      edit(
        'buddy/fallback',
        'if (factor === 0 || blockPages * 4 > zones.managed[zone]!) return false;',
        'if (factor === 0) return false;',
      ),
    ],
    hunts: [check('buddy: boosts of a tiny zone')],
  },
  {
    id: '30',
    history: '4.9',
    link: commit('e08d3fdfe2da'),
    kind: 'accounting',
    mechanism: 'a reserve is computed before all pages of the zones above are counted',
    breaks: ['zones are sized as documented'],
    edits: [
      edit(
        'zones/lowmem-reserve',
        '      above += zones.managed[highest]!;\n      zones.lowmemReserve[z * zones.count + highest] = divisor === 0 ? 0 : Math.floor(above / divisor);',
        '      zones.lowmemReserve[z * zones.count + highest] = divisor === 0 ? 0 : Math.floor(above / divisor);\n      above += zones.managed[highest]!;',
      ),
    ],
    hunts: [programs('zones')],
  },
];

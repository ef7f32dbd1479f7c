import type { Mutant } from '../mutant.js';
import { check, commit, edit, scenario } from './hunts.js';

const LIVE = 'Linux 6.1 (behaviour "linux-6.1", no edit)';

/** Numbers 31 to 36 and 42 of the series' catalogue: the page table. */
export const SERIES_V7S: readonly Mutant[] = [
  {
    id: '31',
    history: LIVE,
    kind: 'logic',
    mechanism: 'L1: splitting a section loses the address it maps to',
    breaks: ['an unmap leaves the rest as it was'],
    edits: [],
    hunts: [check('v7s: split of a section, linux-6.1')],
  },
  {
    id: '32',
    history: LIVE,
    kind: 'logic',
    mechanism: 'L2: a part of a supersection is reported as not unmapped, and stays mapped',
    breaks: ['an unmap takes away all that is mapped'],
    edits: [],
    hunts: [check('v7s: unmap within a supersection, linux-6.1')],
  },
  {
    id: '33',
    history: LIVE,
    kind: 'logic',
    mechanism: 'L3: a section mapped over small pages drops them without a word',
    breaks: ['a map over something mapped is refused'],
    edits: [],
    hunts: [check('v7s: a section over small pages, linux-6.1')],
  },
  {
    id: '34',
    history: 'LPAE format, 4.16',
    link: commit('85c7a0f1ef62'),
    kind: 'interleaving',
    mechanism: 'who loses the race to split a section reports an unmap that was not made',
    breaks: [
      'an unmap leaves the rest as it was',
      'an unmap reports no more than went away',
      'what was unmapped is flushed',
    ],
    edits: [
      edit(
        'v7s-pgtable/stepped/split-section',
        '    return yield* unmapPage(ctx, table, iova, size, derefTable(table, found), found & 0xc00, gather);',
        '    return size;',
      ),
    ],
    hunts: [scenario('v7s: two unmaps of one section')],
  },
  {
    id: '35',
    history: '5.17',
    link: commit('a556cfe4cabc'),
    kind: 'logic',
    mechanism: 'a table that could not be allocated is used: the null address is translated and installed',
    breaks: ['a map without memory answers -ENOMEM', 'memory runs out', 'no kernel bug', 'no crash'],
    edits: [
      edit(
        'v7s-pgtable/stepped/tables',
        '  if (addr === null || tableFits(table, addr, L2_BYTES)) return addr;',
        '  if (tableFits(table, addr as number, L2_BYTES)) return (addr ?? 0) as never;',
      ),
    ],
    hunts: [check('v7s: no memory for a table')],
  },
  {
    id: '36',
    history: 'Linux 6.1 (no edit)',
    kind: 'lifetime',
    mechanism:
      "of two caches of one name that are not merged, the second takes over the first one's directory",
    breaks: ['every live cache has its directory'],
    edits: [],
    hunts: [check('slub: two caches of one name that are not merged')],
  },
  {
    id: '42a',
    history: 'near miss of a lock-free install',
    kind: 'interleaving',
    mechanism: "who loses the race to install a table overwrites the winner's",
    breaks: ['no table is lost', 'a translation leads where the map says'],
    edits: [
      edit(
        'v7s-pgtable/stepped/tables',
        '  if (found === current) words[at] = entry;',
        '  words[at] = entry;',
      ),
    ],
    hunts: [scenario('v7s: two maps into one section')],
  },
  {
    id: '42b',
    history: 'near miss of a lock-free install',
    kind: 'interleaving',
    mechanism: 'who loses the race to install a table leaks its own',
    breaks: ['no table is lost'],
    edits: [
      edit(
        'v7s-pgtable/stepped/corrected-map',
        '    yield* freeL2(ctx, table, addr);\n    return found;',
        '    return found;',
      ),
    ],
    hunts: [scenario('v7s: two maps into one section')],
  },
];

import type { Hunt } from '../hunt/hunt.js';
import type { Edit, Mutant, MutantKind } from '../mutant.js';
import { check, edit, programs, scenario } from './hunts.js';

const LEADS = 'a translation leads where the map says';
const REST = 'an unmap leaves the rest as it was';
const REFUSED = 'a map over something mapped is refused';
const TAKES = 'an unmap takes away all that is mapped';
const MORE = 'an unmap reports no more than went away';
const FLUSHED = 'what was unmapped is flushed';
const WALK = 'a walk over memory finds what is mapped';
const LOST = 'no table is lost';

const own = (
  id: string,
  kind: MutantKind,
  mechanism: string,
  edits: readonly Edit[],
  breaks: readonly string[],
  hunts: readonly Hunt[] = [programs('v7s', { preset: 'arm64-2018', ramBytes: '1G' })],
): Mutant => ({ id: `v7s-${id}`, history: 'ours', kind, mechanism, breaks, edits, hunts });

/** Lines of the page table's short ways and of the general ones. */
export const OWN_V7S: readonly Mutant[] = [
  own(
    'map-page-over',
    'logic',
    'the short way of map does not look whether the page is mapped',
    [edit('v7s-pgtable/stepped/operations', 'if (words[at] === 0) {', 'if (words[at] !== 1) {')],
    [REFUSED],
  ),
  own(
    'map-page-index',
    'logic',
    'the short way of map takes the table for one of 4 KiB',
    [
      edit(
        'v7s-pgtable/stepped/operations',
        'const at = ((entry & 0xfc00) >>> 2) + (page & 255);\n          yield read(table.l2Cell + (page & 255));\n          if (words[at] === 0)',
        'const at = ((entry & 0xf000) >>> 2) + (page & 255);\n          yield read(table.l2Cell + (page & 255));\n          if (words[at] === 0)',
      ),
    ],
    [LEADS, REFUSED],
  ),
  own(
    'map-supersection-over',
    'logic',
    'the short way of mapping a supersection does not look what is there',
    [edit('v7s-pgtable/stepped/blocks', 'if (there !== 0) return false;', 'if (there === 3) return false;')],
    [REFUSED],
  ),
  own(
    'map-section-over',
    'logic',
    'the short way of mapping a section does not look what is there',
    [
      edit(
        'v7s-pgtable/stepped/blocks',
        'if (words[at] !== 0) return false;',
        'if (words[at] === 3) return false;',
      ),
    ],
    [REFUSED],
  ),
  own(
    'unmap-page-flush',
    'logic',
    'the short way of unmap flushes nothing',
    [
      edit(
        'v7s-pgtable/stepped/operations',
        'tlb.addPage(gather, iova, 4096);',
        'if (iova < 0) tlb.addPage(gather, iova, 4096);',
      ),
    ],
    [FLUSHED],
  ),
  own(
    'unmap-page-clear',
    'logic',
    'the short way of unmap clears the valid bit alone',
    [edit('v7s-pgtable/stepped/operations', 'words[at] = 0;', 'words[at]! &= ~3;')],
    ['a map of what is free succeeds'],
    [check('v7s: what was unmapped can be mapped again')],
  ),
  own(
    'unmap-page-end',
    'logic',
    'the short way of unmap goes on into the next table',
    [
      edit(
        'v7s-pgtable/stepped/small-pages',
        'const end = Math.min(256, first + count);',
        'const end = first + count;',
      ),
    ],
    [TAKES, MORE, REST],
    [check('v7s: an unmap over the end of a table')],
  ),
  own(
    'unmap-blocks-kind',
    'logic',
    'the short way of unmap takes a part of a supersection for a section',
    [
      edit(
        'v7s-pgtable/stepped/blocks',
        'if ((words[at]! & 0x40003) !== 2) return false;',
        'if ((words[at]! & 3) !== 2) return false;',
      ),
    ],
    [REST, TAKES, MORE],
  ),
  own(
    'map-large-step',
    'logic',
    'the second large page of a map gets the address of the first',
    [
      edit(
        'v7s-pgtable/stepped/corrected-map',
        'if (group !== 0 && (i & 15) === 15) leaf = (leaf + pageSize) | 0;',
        '',
      ),
    ],
    [LEADS],
  ),
  own(
    'map-super-address',
    'logic',
    'the second supersection of a map gets the address of the first',
    [
      edit(
        'v7s-pgtable/stepped/corrected-map',
        'if (group === 0 || (i & 15) === 0) leaf = bits',
        'if (group === 0 || i === 0) leaf = bits',
      ),
    ],
    [LEADS],
  ),
  own(
    'map-partial',
    'logic',
    'a map over several tables does not look at all of them before it writes',
    [
      edit(
        'v7s-pgtable/stepped/corrected-map',
        'for (let i = first; i < first + pages; i++) {\n    yield read(table.l2Cell + i);\n    if (words[at + i] !== 0) return false;',
        'for (let i = first; i < first + pages; i++) {\n    yield read(table.l2Cell + i);\n    if (words[at + i] !== 0 && i > 250) return false;',
      ),
    ],
    [REFUSED, 'a map that fails leaves nothing behind', 'a map that fails takes nothing away'],
  ),
  own(
    'map-range',
    'logic',
    'only the first page of a map is held against the end of the space',
    [edit('v7s-pgtable/check-request', '    iova + bytes > table.iovaEnd ||\n', '')],
    ['a map that leaves the space is refused', 'no crash'],
  ),
  own(
    'unmap-whole',
    'logic',
    'a section is unmapped although its table has holes',
    [
      edit(
        'v7s-pgtable/stepped/corrected-unmap',
        '      if ((words[at + k]! & 3) === 0) return false;',
        '      if ((words[at + k]! & 3) === 0 && k === 255) return false;',
      ),
    ],
    [TAKES, MORE, REST],
  ),
  own(
    'drop-table',
    'lifetime',
    'the table under a section that is unmapped leaks',
    [
      edit(
        'v7s-pgtable/stepped/linux-unmap',
        '    yield* freeL2(ctx, table, table.tableAddr(entry));\n    return;',
        '    return;',
      ),
    ],
    [LOST],
    [check('v7s: a section unmapped over a full table')],
  ),
  own(
    'split-hole',
    'logic',
    'a section that is split keeps the page that was to be unmapped',
    [edit('v7s-pgtable/split-entries', '    if (i !== hole) writeGroup', '    writeGroup')],
    [REST, TAKES, MORE],
  ),
  own(
    'split-address',
    'logic',
    'all pages of a section that is split get its first address',
    [edit('v7s-pgtable/split-entries', '    entry = (entry + size) | 0;', '    entry = entry | 0;')],
    [REST],
  ),
  own(
    'split-rights',
    'logic',
    'the pages of a section that is split may be written',
    [
      edit(
        'v7s-pgtable/split-entries',
        'protToEntry(entryToProt(block, 1), 2, table.quirks)',
        'protToEntry(entryToProt(block, 1) | 2, 2, table.quirks)',
      ),
    ],
    ['a walk finds the rights that were asked for'],
  ),
  own(
    'split-cont-lock',
    'interleaving',
    'two CPUs rewrite the entries of one supersection at once',
    [
      edit(
        'v7s-pgtable/stepped/split-cont',
        'const group = isCont(found, level);',
        'const group = isCont(found, level) || level === 1;',
      ),
    ],
    [LEADS, REST, TAKES, MORE],
    [scenario('v7s: two unmaps of one supersection')],
  ),
  own(
    'translate-large',
    'logic',
    'a large page is translated as a small one',
    [
      edit(
        'v7s-pgtable/stepped/translate',
        'const mask = (page & 2) !== 0 ? 0xfff : 0xffff;',
        'const mask = 0xfff;',
      ),
    ],
    [LEADS, WALK],
  ),
  own(
    'prot-write',
    'logic',
    'a small page without the right to write may be written',
    [
      edit(
        'v7s-pgtable/descriptors',
        'if ((prot & Prot.WRITE) === 0) attr |= AP2;',
        'if ((prot & Prot.WRITE) === 0 && level === 1) attr |= AP2;',
      ),
    ],
    ['a walk finds the rights that were asked for'],
  ),
  own(
    'table-type',
    'logic',
    'a table is put into its entry without the type',
    [edit('v7s-pgtable/stepped/tables', 'let entry = addr | TYPE_TABLE;', 'let entry = addr | 2;')],
    [LEADS, REST, WALK, REFUSED],
  ),
  own(
    'frag-lock',
    'interleaving',
    'two CPUs cut the same fragment: as in series v3, nothing locks the cache',
    [
      edit('v7s-pgtable/stepped/sources', '  yield lock(source.lock);\n', ''),
      edit('v7s-pgtable/stepped/sources', '  yield unlock(source.lock);\n', ''),
    ],
    ['no page has two owners', LEADS, 'a map of what is free succeeds', WALK],
    [programs('v7s', { preset: 'arm64-2018', ramBytes: '1G', tables: 'page-frag' })],
  ),
  own(
    'map-over-4g',
    'logic',
    'address bits from 32 on are those of the first page of a map, also where it goes over a multiple of 4 GiB',
    [edit('v7s-pgtable/stepped/corrected-map', 'if ((leaf & -pageSize) === 0)', 'if (leaf === -1)')],
    [LEADS],
    [check('v7s: a map over the 4 GiB line')],
  ),
  own(
    'table-fits',
    'logic',
    'a table above 4 GiB is taken',
    [
      edit(
        'v7s-pgtable/table-fits',
        'addr >= (table.ttbrExt ? table.paEnd : 2 ** 32)',
        'addr >= table.paEnd * 2',
      ),
    ],
    ['a table that does not fit is refused'],
    [check('v7s: tables that do not fit are given back once')],
  ),
  own(
    'table-flags',
    'flags',
    'the cache of tables is made for DMA where DMA32 is meant',
    [
      edit(
        'v7s-pgtable/table-gfp',
        'slabFlags: dma32 ? SLAB_CACHE_DMA32 : SLAB_CACHE_DMA,',
        'slabFlags: SLAB_CACHE_DMA,',
      ),
    ],
    ['a page table is made for the zone that the series says'],
    [check('v7s: what a page table asks for')],
  ),
];

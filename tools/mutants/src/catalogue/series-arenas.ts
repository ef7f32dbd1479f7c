import type { Mutant } from '../mutant.js';
import { SERIES_LINK, check, commit } from './hunts.js';

/** Numbers 37 to 41 of the series' catalogue: genalloc and page_frag. */
export const SERIES_ARENAS: readonly Mutant[] = [
  {
    id: '37',
    history: '5.0',
    link: commit('2c2ade81741c'),
    kind: 'accounting',
    mechanism: 'the references taken in advance are fewer than a block has 1-byte fragments',
    breaks: ['references of the block = bias + fragments alive'],
    edits: [
      {
        file: 'packages/page-frag/src/stepped/page-frag.ts',
        find: 'const BIAS = PAGE_FRAG_CACHE_MAX_SIZE + 1;',
        replace: 'const BIAS = PAGE_FRAG_CACHE_MAX_SIZE / 8 + 1;',
      },
      {
        file: 'packages/page-frag/src/stepped/page-frag.ts',
        find: 'pages.frames.refcount[slot]! += PAGE_FRAG_CACHE_MAX_SIZE;',
        replace: 'pages.frames.refcount[slot]! += PAGE_FRAG_CACHE_MAX_SIZE / 8;',
      },
    ],
    hunts: [check('page_frag: a block of 1-byte fragments')],
  },
  {
    id: '38',
    history: '6.0',
    link: commit('dac22531bbd4'),
    kind: 'logic',
    mechanism: 'a fragment larger than the block runs the offset below 0',
    breaks: ['references of the block = bias + fragments alive', 'no fragment overlaps another'],
    edits: [
      {
        file: 'packages/page-frag/src/stepped/page-frag.ts',
        find: '    if (offset < 0) return null;\n',
        replace: '    break;\n',
      },
    ],
    hunts: [check('page_frag: fragments larger than the block')],
  },
  {
    id: '39',
    history: '5.0',
    link: commit('52fbf1134d47'),
    kind: 'logic',
    mechanism: "an aligned request looks at the place in the chunk alone, not at the chunk's own start",
    breaks: ['an aligned request is aligned'],
    edits: [
      {
        file: 'packages/genalloc/src/algorithms.ts',
        find: 'findNextZeroArea(words, size, start, nr, mask, alignOffset(startAddress, alignBytes, order))',
        replace:
          'findNextZeroArea(words, size, start, nr, mask, 0 * alignOffset(startAddress, alignBytes, order))',
      },
    ],
    hunts: [check('genalloc: a pool against what is taken of it')],
  },
  {
    id: '40',
    history: 'genalloc, 2.6.36 to 3.2',
    link: commit('674470d97958'),
    kind: 'logic',
    mechanism: 'the end of a chunk is the address behind it, which is 0 at the top of the address space',
    breaks: ['no kernel bug', 'a pool knows its own addresses'],
    edits: [
      {
        file: 'packages/genalloc/src/gen-pool.ts',
        find: 'BigInt.asUintN(64, wideStart + BigInt(sizeBytes) - 1n)',
        replace: 'BigInt.asUintN(64, wideStart + BigInt(sizeBytes))',
      },
    ],
    hunts: [check('genalloc: a pool against what is taken of it')],
  },
  {
    id: '41',
    history: 'series v3',
    link: SERIES_LINK,
    kind: 'lifetime',
    mechanism: 'a recycled block is not zeroed: a new table holds the entries of an old one',
    breaks: ['a map of what is free succeeds', 'a new table maps nothing'],
    edits: [
      {
        file: 'packages/v7s-pgtable/src/stepped/sources.ts',
        find: 'source.zoneGfp);\n    zero(source.pages.memory, addr);',
        replace: 'source.zoneGfp);',
      },
    ],
    hunts: [check('v7s: a new table maps nothing')],
  },
];

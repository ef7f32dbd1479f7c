import type { Hunt } from '../hunt/hunt.js';
import type { Edit, Mutant, MutantKind } from '../mutant.js';
import { check, edit, programs } from './hunts.js';

const own = (
  id: string,
  kind: MutantKind,
  mechanism: string,
  edits: readonly Edit[],
  breaks: readonly string[],
  hunts: readonly Hunt[],
): Mutant => ({ id, history: 'ours', kind, mechanism, breaks, edits, hunts });

const MASK = 'the flags that reach the page allocator are the formula';
const ARM64 = { preset: 'arm64-2018' } as const;

/** Flag masks, zone tables, sizes. */
export const OWN_MASKS: readonly Mutant[] = [
  own(
    'mask-kept',
    'flags',
    "a caller's zone bits reach the page allocator",
    [
      edit(
        'kmem/slab-gfp',
        'SLAB_GFP_KEPT = GFP_RECLAIM_MASK | GFP_CONSTRAINT_MASK',
        'SLAB_GFP_KEPT = GFP_RECLAIM_MASK | GFP_CONSTRAINT_MASK | 1',
      ),
    ],
    [MASK],
    [check('slab masks: what a caller may ask for')],
  ),
  own(
    'mask-reclaim',
    'flags',
    "a caller's reclaim bits do not reach the page allocator",
    [
      edit(
        'kmem/slab-gfp',
        'SLAB_GFP_KEPT = GFP_RECLAIM_MASK | GFP_CONSTRAINT_MASK',
        'SLAB_GFP_KEPT = GFP_CONSTRAINT_MASK | (GFP_RECLAIM_MASK & 0x800)',
      ),
    ],
    [MASK],
    [check('slab masks: what a caller may ask for')],
  ),
  own(
    'check-v4',
    'flags',
    'check_slab_flags of v4 allows DMA32 for every cache',
    [
      edit(
        'kmem/slab-gfp',
        "if (series !== 'v4' || !hasZoneDma32 || (slabFlags & SLAB_CACHE_DMA32) === 0) return",
        "if (series !== 'v4' || !hasZoneDma32) return",
      ),
    ],
    [MASK],
    [check('slab masks: what a caller may ask for')],
  ),
  own(
    'check-v4-zone',
    'flags',
    'check_slab_flags of v4 allows DMA32 where the zone is not configured',
    [edit('kmem/slab-gfp', "series !== 'v4' || !hasZoneDma32 ||", "series !== 'v4' ||")],
    [MASK],
    [check('slab masks: what a caller may ask for')],
  ),
  own(
    'check-merged',
    'flags',
    'the merged series allows DMA32 from callers',
    [
      edit(
        'kmem/slab-gfp',
        'GFP_SLAB_BUG_MASK = ~__GFP_BITS_MASK | __GFP_DMA32 | __GFP_HIGHMEM',
        'GFP_SLAB_BUG_MASK = ~__GFP_BITS_MASK | (__GFP_DMA32 & 0) | __GFP_HIGHMEM',
      ),
    ],
    [MASK],
    [check('slab masks: what a caller may ask for')],
  ),
  own(
    'merge-ctor',
    'lifetime',
    'a cache with a constructor takes other users',
    [edit('kmem/merge', '  cache.ctor !== null ||\n', '')],
    ['caches with a constructor are never merged'],
    [programs('slub')],
  ),
  own(
    'merge-size',
    'logic',
    'a request is served by a cache of objects a word smaller',
    [
      edit(
        'kmem/merge',
        'if (size > cache.size) continue;',
        'if (size > cache.size + arch.pointerBytes) continue;',
      ),
    ],
    ['no live object overlaps another', "a live object's bytes change only by its owner"],
    [check('caches: merged requests fit')],
  ),
  own(
    'merge-align',
    'logic',
    'a request is served by a cache that does not keep its alignment',
    [
      // The size is rounded up to the alignment and then compared: either alone keeps it.
      edit('kmem/merge', 'const size = alignUp(rounded, align);', 'const size = rounded;'),
      edit(
        'kmem/merge',
        'if ((cache.size & ~(align - 1)) >>> 0 !== cache.size) continue;',
        'if (cache.size === 0) continue;',
      ),
    ],
    ['an object is aligned as its cache says', 'a good request gets a cache'],
    [check('caches: merged requests fit'), programs('slub')],
  ),
  own(
    'align-line',
    'logic',
    'objects for cache lines are aligned to a word',
    [
      edit(
        'kmem/alignment',
        'wanted = Math.max(wanted, line);',
        'wanted = Math.max(wanted, line > 0 ? 8 : line);',
      ),
    ],
    ['an object lies in as few cache lines as it can'],
    [check('caches: alignment to cache lines')],
  ),
  own(
    'kmalloc-class',
    'logic',
    'kmalloc of 97 bytes is served by the class of 96',
    [
      edit(
        'kmem/kmalloc-classes',
        'if (size > 64 && size <= 96 && least <= 32) return 1;',
        'if (size > 64 && size <= 97 && least <= 32) return 1;',
      ),
    ],
    ['kmalloc gives what was asked for'],
    [check('kmalloc: every size fits its class')],
  ),
  own(
    'kmalloc-type',
    'flags',
    'kmalloc with GFP_DMA is served by the ordinary caches',
    [
      edit(
        'kmem/kmalloc-classes',
        'if ((gfp & __GFP_DMA) !== 0 && hasZoneDma) return KmallocType.dma;',
        'if ((gfp & __GFP_DMA) !== 0 && !hasZoneDma) return KmallocType.dma;',
      ),
    ],
    ['kmalloc gives memory of the zone asked for'],
    [check('kmalloc: every size fits its class')],
  ),
  own(
    'permitted-dma32',
    'flags',
    'a cache for DMA32 can be made before the series',
    [
      edit(
        'kmem/permitted-flags',
        'hasCacheDma32(series) ? CORE | SLAB_CACHE_DMA32 : CORE',
        'hasCacheDma32(series) || CORE > 0 ? CORE | SLAB_CACHE_DMA32 : CORE',
      ),
    ],
    ['before the series no cache for DMA32 can be made'],
    [check('caches: flags that may be passed')],
  ),
  own(
    'zone-table',
    'flags',
    'GFP_DMA32 asks for ZONE_NORMAL',
    [
      edit(
        'zones/gfp-zone',
        "if ((bits & __GFP_DMA32) !== 0) return 'DMA32';",
        "if ((bits & __GFP_DMA32) !== 0) return 'Normal';",
      ),
    ],
    ['a block comes from a zone that the flags allow'],
    [programs('buddy', ARM64)],
  ),
  own(
    'zone-movable',
    'flags',
    'movable high memory asks for ZONE_HIGHMEM alone',
    [
      edit(
        'zones/gfp-zone',
        "(bits & __GFP_MOVABLE) !== 0 ? 'Movable' : 'HighMem'",
        "(bits & __GFP_MOVABLE) !== 0 ? 'HighMem' : 'HighMem'",
      ),
    ],
    ['zone modifiers ask for what they are documented to'],
    [check('zones: the table of modifiers')],
  ),
  own(
    'zone-bad',
    'flags',
    'DMA and DMA32 at once are taken for a good combination',
    [
      edit(
        'zones/gfp-zone',
        'const address = bits & (__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32);',
        'const address = bits & (__GFP_DMA | __GFP_HIGHMEM);',
      ),
    ],
    ['zone modifiers ask for what they are documented to'],
    [check('zones: the table of modifiers')],
  ),
  own(
    'wmark-gap',
    'accounting',
    'the low watermark is a gap too high',
    [edit('zones/watermarks', 'min + mark * gap', 'min + (mark === 0 ? 0 : mark + 1) * gap')],
    ['zones are sized as documented'],
    [programs('zones')],
  ),
  own(
    'wmark-highmem',
    'accounting',
    'high memory counts when the watermarks are shared out',
    [edit('zones/watermarks', 'if (highmem[z] === 0) lowmem +=', 'lowmem +=')],
    ['zones are sized as documented'],
    [programs('zones', { preset: 'i386' })],
  ),
  own(
    'wmark-min-free',
    'accounting',
    'min_free_kbytes is the root of 4 times low memory',
    [
      edit(
        'zones/watermarks',
        'intSqrt(freeBufferPages(zones) * 4 * 16)',
        'intSqrt(freeBufferPages(zones) * 4 * 4)',
      ),
    ],
    ['zones are sized as documented'],
    [programs('zones')],
  ),
  own(
    'pcp-high',
    'accounting',
    'per-cpu lists may hold a low watermark each',
    [edit('zones/pcp-size', 'Math.max(Math.floor(pages / cpus), batch * 4)', 'Math.max(pages, batch * 4)')],
    ['zones are sized as documented'],
    [programs('zones')],
  ),
  own(
    'reserve-ratio',
    'accounting',
    'a lowmem_reserve_ratio of 0 divides',
    [
      edit(
        'zones/lowmem-reserve',
        'divisor === 0 ? 0 : Math.floor(above / divisor)',
        'Math.floor(above / Math.max(1, divisor))',
      ),
    ],
    ['zones are sized as documented'],
    [programs('zones')],
  ),
];

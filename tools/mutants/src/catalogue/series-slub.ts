import type { Mutant } from '../mutant.js';
import {
  AGREE,
  BUG,
  CRASH,
  MISCOUNT,
  SERIES_LINK,
  TWO_OWNERS,
  check,
  commit,
  programs,
  scenario,
} from './hunts.js';

const ARM64 = { preset: 'arm64-2018' } as const;

/** Numbers 1 to 20 of the series' catalogue: the slab caches. */
export const SERIES_SLUB: readonly Mutant[] = [
  {
    id: '1',
    history: 'arm64, 4.15',
    link: commit('ad67f5a6545f'),
    kind: 'flags',
    mechanism: 'a cache for DMA lands above 4 GiB (the series "4.15", no edit)',
    breaks: ['objects of a cache made for DMA lie below 0x100000000'],
    edits: [],
    hunts: [programs('slub', { ...ARM64, series: '4.15' })],
  },
  {
    id: '2',
    history: 'series RFC v1, November 2018',
    link: SERIES_LINK,
    kind: 'flags',
    mechanism: 'SLAB_CACHE_DMA takes DMA32 on a machine that has both zones',
    breaks: ['objects of a cache made for DMA lie below 0x1000000'],
    edits: [
      {
        file: 'packages/slub/src/slub-geometry.ts',
        find: 'if ((flags & SLAB_CACHE_DMA) !== 0) allocFlags |= __GFP_DMA;',
        replace: 'if ((flags & SLAB_CACHE_DMA) !== 0) allocFlags |= __GFP_DMA32 | (__GFP_DMA & 0);',
      },
    ],
    hunts: [programs('slub')],
  },
  {
    id: '3a',
    history: 'near miss of the series, v2',
    link: SERIES_LINK,
    kind: 'flags',
    mechanism: 'SLAB_CACHE_DMA32 is not among the flags that must agree for a merge',
    breaks: ['caches of different zones are never merged'],
    edits: [
      {
        file: 'packages/kmem/src/slab-flags.ts',
        find: 'SLAB_MERGE_SAME = 0x2c000',
        replace: 'SLAB_MERGE_SAME = 0x24000',
      },
    ],
    hunts: [programs('slub', ARM64)],
  },
  {
    id: '3b',
    history: 'near miss of the series, v2',
    link: SERIES_LINK,
    kind: 'flags',
    mechanism: 'SLAB_CACHE_DMA32 has no letter in the unique id of a cache',
    breaks: ['a good request gets a cache'],
    edits: [
      {
        file: 'packages/slub/src/sysfs-names.ts',
        find: "((flags & SLAB_CACHE_DMA32) === 0 ? '' : 'D')",
        replace: "((flags & SLAB_CACHE_DMA32) === 0 ? '' : '')",
      },
    ],
    hunts: [programs('slub', ARM64)],
  },
  {
    id: '4',
    history: 'slub_debug, 4.10',
    kind: 'flags',
    mechanism: 'debug flags of the boot are ignored when a partner to merge with is sought',
    breaks: ['a cache that is to be debugged is not merged'],
    edits: [
      {
        file: 'packages/kmem/src/cache-register.ts',
        find: 'const flags = this.#opener.bootFlags(request.flags, request.name);',
        replace: 'const flags = request.flags;',
      },
    ],
    hunts: [check('slub: boot debugging and merging')],
  },
  {
    id: '5',
    history: '5.14',
    link: commit('41eb5df1cbc9'),
    kind: 'flags',
    mechanism:
      'a side allocation inherits the zone of the one it serves (there for memory cgroups, here the index list of a SLAB slab)',
    breaks: ['what an allocator asks of itself needs no fixing up'],
    edits: [
      {
        file: 'packages/slab/src/stepped/grow.ts',
        find: 'flags & ~GFP_CONSTRAINT_MASK);',
        replace: '(flags | cache.allocFlags) & ~GFP_CONSTRAINT_MASK);',
      },
    ],
    hunts: [check('slab: the index list of a DMA32 cache')],
  },
  {
    id: '6',
    history: '5.14',
    link: commit('236e9f153852'),
    kind: 'flags',
    mechanism:
      'an allocation is served from a side pool outside the zone asked for (there KFENCE, here the pool of page tables)',
    breaks: ['a map does not fail while memory below 4 GiB is free'],
    edits: [
      {
        file: 'packages/v7s-pgtable/src/stepped/sources.ts',
        find: 'getFreePages(ctx, source.pages, gfp | source.zoneGfp, POOL_ORDER)',
        replace: 'getFreePages(ctx, source.pages, gfp & ~5, POOL_ORDER)',
      },
    ],
    hunts: [check('v7s: tables of a pool')],
  },
  {
    id: '7',
    history: 'CVE-2020-29370, fixed in 5.6 (and the deactivation of number 8 as it was then)',
    link: commit('fd4d9c7d0c71'),
    kind: 'interleaving',
    mechanism: 'the slow path of a bulk allocation does not advance the transaction id',
    breaks: [AGREE, TWO_OWNERS, MISCOUNT],
    edits: [
      {
        file: 'packages/slub/src/stepped/bulk.ts',
        find: '      cpu[at | TID]! += cache.tidStep;\n      yield irqRestore;',
        replace: '      yield irqRestore;',
      },
      {
        file: 'packages/slub/src/cpu-slab.ts',
        find: '  cpu[at | CpuWord.tid]! += cache.tidStep;\n',
        replace: '',
      },
    ],
    hunts: [scenario('slub: give against bulk take that runs out')],
  },
  {
    id: '8',
    history: '5.19',
    link: commit('eeaa345e1285'),
    kind: 'interleaving',
    mechanism: 'deactivation of a slab does not advance the transaction id',
    breaks: [AGREE, MISCOUNT],
    edits: [
      {
        file: 'packages/slub/src/cpu-slab.ts',
        find: '  cpu[at | CpuWord.tid]! += cache.tidStep;\n',
        replace: '',
      },
    ],
    hunts: [scenario('slub: give against take from a full slab')],
  },
  {
    id: '9',
    history: '5.10',
    link: commit('22e4663e9168'),
    kind: 'interleaving',
    mechanism: 'the slab is read after the free list, and dereferenced although it is NULL by then',
    breaks: [CRASH, BUG],
    edits: [
      {
        file: 'packages/slub/src/stepped/alloc.ts',
        find: '    if (object <= 0 || slab === -1) break;',
        replace:
          "    if (object <= 0) break;\n    if (slab === -1) throw new TypeError('NULL pointer dereference');",
      },
    ],
    hunts: [scenario('slub: take against flush')],
  },
  {
    id: '10',
    history: 'SLUB, 3.9',
    kind: 'accounting',
    mechanism: 'what was taken from the partial list counts as nothing: all of the list is taken',
    breaks: [AGREE],
    edits: [
      {
        file: 'packages/slub/src/stepped/partial.ts',
        find: '      taken++;\n',
        replace: '',
      },
    ],
    hunts: [programs('slub')],
  },
  {
    id: '11',
    history: '5.16',
    link: commit('b47291ef02b0'),
    kind: 'accounting',
    mechanism: "a stale count lets a CPU's partial list grow without bound",
    breaks: [AGREE],
    edits: [
      {
        file: 'packages/slub/src/stepped/partial.ts',
        find: 'slabs >= most) {',
        replace: 'slabs > most * 4 + 4) {',
      },
    ],
    hunts: [programs('slub')],
  },
  {
    id: '12',
    history: '5.15',
    link: commit('899447f669da'),
    kind: 'accounting',
    mechanism: 'of a list that is freed an object is left out, and counted all the same',
    breaks: [AGREE, MISCOUNT],
    edits: [
      {
        file: 'packages/slub/src/detached-freelist.ts',
        find: '    first = object;\n    count++;',
        replace: '    if (count !== 2) first = object;\n    count++;',
      },
    ],
    hunts: [programs('slub')],
  },
  {
    id: '13',
    history: '5.15',
    link: commit('3ddd60268c24'),
    kind: 'accounting',
    mechanism: 'what is given back is counted down twice (there memory cgroup charges, here slabs)',
    breaks: [AGREE],
    edits: [
      {
        file: 'packages/slub/src/stepped/shrink.ts',
        find: '  for (const slot of empty) yield* freeSlab(ctx, cache, slot);',
        replace:
          '  for (const slot of empty) {\n    yield* decSlabs(cache, slot);\n    yield* freeSlab(ctx, cache, slot);\n  }',
      },
    ],
    hunts: [programs('slub')],
  },
  {
    id: '14',
    history: '6.1',
    link: commit('c7323a5ad078'),
    kind: 'interleaving',
    mechanism: 'a free marks its object free before it takes the list lock, under which validate looks',
    breaks: ['validate reports nothing false'],
    edits: [
      {
        file: 'packages/slub/src/stepped/free.ts',
        find: '  yield irqSave;\n  yield lock(cache.listLockCell);\n  const freed = freeDebugProcessing(cache, slot, head, tail, many, ctx.cpu);',
        replace:
          '  const freed = freeDebugProcessing(cache, slot, head, tail, many, ctx.cpu);\n  yield irqSave;\n  yield lock(cache.listLockCell);',
      },
    ],
    hunts: [scenario('slub: validate against give, debugged')],
  },
  {
    id: '15',
    history: '5.4',
    link: commit('e4f8e513c3d3'),
    kind: 'interleaving',
    mechanism:
      'reading a file of sysfs closes a cycle of locks: a reader holds the directory and takes the list lock, who removes it the other way round',
    breaks: ['locks are taken in one order', 'no deadlock'],
    edits: [
      {
        file: 'packages/sysfs/src/stepped/show-attribute.ts',
        find: '  yield irqSave;\n  yield lock(cache.listLockCell);\n  const { free, inuse } = countPartial(cache);',
        replace:
          '  yield lock(cache.system.names.cell);\n  yield irqSave;\n  yield lock(cache.listLockCell);\n  const { free, inuse } = countPartial(cache);',
      },
      {
        file: 'packages/sysfs/src/stepped/show-attribute.ts',
        find: '  yield unlock(cache.listLockCell);\n  yield irqRestore;\n  return { objects: total - free, total, partial: inuse, slabs };',
        replace:
          '  yield unlock(cache.listLockCell);\n  yield irqRestore;\n  yield unlock(cache.system.names.cell);\n  return { objects: total - free, total, partial: inuse, slabs };',
      },
      {
        file: 'packages/slub/src/stepped/destroy.ts',
        find: '  const empty = takeEmptyPartial(cache);\n',
        replace:
          '  const empty = takeEmptyPartial(cache);\n  yield lock(cache.system.names.cell);\n  yield unlock(cache.system.names.cell);\n',
      },
    ],
    hunts: [scenario('sysfs: read against destroy')],
  },
  {
    id: '16',
    history: '4.18',
    link: commit('d50d82faa0c9'),
    kind: 'lifetime',
    mechanism: 'the directory of a destroyed cache goes late: the same cache cannot be made again',
    breaks: ['a good request gets a cache'],
    edits: [
      {
        file: 'packages/slub/src/stepped/destroy.ts',
        find: '  if (!cache.byRcu) {',
        replace: '  if (!last) {',
      },
    ],
    hunts: [programs('slub')],
  },
  {
    id: '17',
    history: '5.2, reverted in 5.3',
    link: commit('dde3c6b72a16'),
    kind: 'lifetime',
    mechanism:
      'the fix of a leak on an error path frees twice (there a cache whose directory cannot be made, here a table that does not fit)',
    breaks: ['no misuse that a strict machine refuses'],
    edits: [
      {
        file: 'packages/v7s-pgtable/src/stepped/tables.ts',
        find: '  yield* sourceFreeL2(ctx, table.source, addr);\n  return null;',
        replace:
          '  yield* sourceFreeL2(ctx, table.source, addr);\n  yield* sourceFreeL2(ctx, table.source, addr);\n  return null;',
      },
    ],
    hunts: [check('v7s: tables that do not fit are given back once')],
  },
  {
    id: '18',
    history: '6.6',
    link: commit('46a9ea668190'),
    kind: 'lifetime',
    mechanism: 'a cache that is destroyed with live objects is freed while it is still on the list of caches',
    breaks: ['every cache on the list is alive'],
    edits: [
      {
        file: 'packages/slub/src/stepped/destroy.ts',
        find: '    log.warn(\n',
        replace: '    cache.alive = 0;\n    log.warn(\n',
      },
    ],
    hunts: [check('caches destroyed with live objects')],
  },
  {
    id: '19',
    history: '5.13',
    link: commit('74c1d3e08153'),
    kind: 'logic',
    mechanism: 'the free pointer of a tiny object lies over its red zone',
    breaks: ['debugging reports nothing where nothing was done wrong'],
    edits: [
      {
        file: 'packages/slub/src/slub-geometry.ts',
        find: '  if (keepsBytes || (redZone && objectSize < word)) {',
        replace: '  if (keepsBytes) {',
      },
    ],
    hunts: [check('slub: debugged caches of every small size')],
  },
  {
    id: '20',
    history: '5.9',
    link: commit('32a6f409b693'),
    kind: 'interleaving',
    mechanism: 'the order of a cache can be written at run time',
    breaks: ['the geometry of a cache is constant'],
    edits: [
      {
        file: 'packages/sysfs/src/stepped/store-attribute.ts',
        find: '  const attribute = attributeNamed(name);',
        replace:
          "  if (name === 'order') {\n    (cache as { order: number }).order = Number(text) & 3;\n    return text.length;\n  }\n  const attribute = attributeNamed(name);",
      },
    ],
    hunts: [check('slub: written attributes and geometry')],
  },
];

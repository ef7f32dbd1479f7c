import { snapshotAllocator } from '@mm/buddy';
import { createMachine } from '@mm/machine';
import * as pageFrag from '@mm/page-frag';
import * as stepped from '@mm/page-frag/stepped';
import { GFP_KERNEL } from '@mm/zones';

import { digest } from './digest.js';
import { tryWrongValues } from './try-wrong-values.js';

const { PageFragCache, pageFragAlloc } = pageFrag;

function makeWorld() {
  const machine = createMachine({ ramBytes: '16M' });
  const { pages, cells } = machine;
  const { ctx } = machine.on(0);
  const cache = new PageFragCache(pages, cells);
  return { pages, cells, ctx, cache, fragment: pageFragAlloc(ctx, cache, 64, GFP_KERNEL)! };
}

/** What a hot function does not look at: who runs, and the cache. */
const hot = { hot: [0, 1], native: ['1n', 'symbol'] } as const;

tryWrongValues('@mm/page-frag', {
  face: pageFrag,
  stepped,
  makeWorld,
  stateOf: ({ pages, cache }) =>
    digest(...snapshotAllocator(pages).arrays, pages.frames.flags, pages.frames.refcount, {
      ...cache,
      pages: null,
    }),
  rows: {
    'new PageFragCache': { args: ({ pages, cells }) => [pages, cells] },
    checkPageFragInvariants: { args: ({ cache }) => [cache, 1] },
    pageFragAlloc: { args: ({ ctx, cache }) => [ctx, cache, 64, GFP_KERNEL], ...hot },
    pageFragAllocAlign: {
      args: ({ ctx, cache }) => [ctx, cache, 64, GFP_KERNEL, -64],
      ...hot,
      accepts: { 4: ['-1'] },
    },
    pageFragFree: { args: ({ ctx, pages, fragment }) => [ctx, pages, fragment], ...hot },
    pageFragCacheDrain: { args: ({ ctx, cache }) => [ctx, cache], ...hot },
  },
});

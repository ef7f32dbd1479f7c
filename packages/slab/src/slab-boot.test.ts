import { describe, expect, it } from 'vitest';

import { SLAB_BOOT_DEFAULTS, parseSlabBoot } from './slab-boot.js';

describe("SLAB's boot parameters", () => {
  it.each([
    ['slab_max_order=0', 0],
    ['slab_max_order=3', 3],
    ['slab_max_order=0x2', 2],
    ['slab_max_order=010', 8],
    ['slab_max_order=2,5', 2],
    ['slab_max_order=99999999999', 10],
    ['slab_max_order=1 slab_max_order=2', 2],
    ['slab_max_order', null],
    ['slab_max_order=', 0],
    ['slab_max_order=2 slab_max_order=', 2],
    ['slab_max_order=x', 0],
    ['slab_max_order=-1', 0],
    ['slab-max-order=2', 2],
    ['slab_max_order=4294967297', 1],
  ])('%s', (cmdline, maxOrder) => {
    expect(parseSlabBoot(cmdline).maxOrder).toBe(maxOrder);
  });

  it('the last word about merging counts; those of others are passed over', () => {
    expect(parseSlabBoot('slab_nomerge slab_merge quiet')).toEqual(SLAB_BOOT_DEFAULTS);
    expect(parseSlabBoot('slab_nomerge').nomerge).toBe(true);
    expect(parseSlabBoot('slab-nomerge=0').nomerge).toBe(true);
    // SLUB's own names say nothing to SLAB.
    expect(parseSlabBoot('slub_nomerge').nomerge).toBe(false);
  });
});

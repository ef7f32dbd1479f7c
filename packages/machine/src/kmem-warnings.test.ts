import { SLAB_CONSISTENCY_CHECKS } from '@mm/kmem';
import { KernelBug } from '@mm/printk';
import { SlabSystem, slabKsize } from '@mm/slab';
import { ksize as ksizeOfSlub } from '@mm/slub';
import { GFP_KERNEL, __GFP_ZERO } from '@mm/zones';
import { describe, expect, test } from 'vitest';

import { createMachine } from './create-machine.js';
import { type MachineOptions, cacheFree, cacheFreeBulk } from './index.js';

/** What it says, without the lines that every warning begins with. */
const said = (lines: readonly string[]): string[] => lines.filter((line) => !line.startsWith('---'));

const ksize = ({ kmem }: ReturnType<typeof createMachine>, address: number): number =>
  kmem instanceof SlabSystem ? slabKsize(kmem, address) : ksizeOfSlub(kmem, address);

describe.each([
  ['slub', 'mm/slub.c:2001 new_slab'],
  ['slab', 'mm/slab.c:2559 cache_grow_begin'],
] as const)('%s', (slab, place) => {
  test('zeroes from a cache with a constructor are warned of once, where a slab is grown', () => {
    const machine = createMachine({ slab, ramBytes: '64M', cmdline: 'slub_nomerge slab_nomerge' });
    const make = (name: string) => machine.kmemCacheCreate({ name, size: 64, ctor: () => {} })!;
    const [one, other] = [make('one'), make('other')];
    machine.kmemCacheAlloc(one, GFP_KERNEL);
    machine.log.take();
    // From a slab that is there.
    machine.kmemCacheAlloc(one, GFP_KERNEL | __GFP_ZERO);
    expect(machine.log.take()).toEqual([]);
    machine.kmemCacheAlloc(other, GFP_KERNEL | __GFP_ZERO);
    expect(said(machine.log.take())).toEqual([expect.stringContaining(` at ${place}+`)]);
    machine.kmemCacheAlloc(make('third'), GFP_KERNEL | __GFP_ZERO);
    expect(machine.log.take()).toEqual([]);
  });

  test('ksize is 0, with a warning, for an address that kmalloc cannot have given', () => {
    const machine = createMachine({ slab, ramBytes: '64M' });
    const large = machine.kmalloc(10_000, GFP_KERNEL)!;
    const pages = machine.allocPages(GFP_KERNEL, 4)!;
    machine.log.take();
    expect(ksize(machine, large)).toBe(16_384);
    expect(machine.log.take()).toEqual([]);
    expect(ksize(machine, large + 4096)).toBe(0);
    expect(ksize(machine, pages * 4096)).toBe(0);
    expect(said(machine.log.take()).map((line) => / at (\S+) /u.exec(line)?.[1])).toEqual([
      'mm/slab_common.c:1016',
      'mm/slab_common.c:1014',
    ]);
  });

  test('kfree of a single page is warned of once, and gives it back', () => {
    const machine = createMachine({ slab, ramBytes: '64M' });
    const pfns = [machine.allocPages(GFP_KERNEL, 0)!, machine.allocPages(GFP_KERNEL, 0)!];
    machine.log.take();
    for (const pfn of pfns) machine.kfree(pfn * 4096);
    const virtual = 0xffff888000000000n + BigInt(pfns[0]! * 4096);
    expect(said(machine.log.take())).toEqual([
      expect.stringContaining(' at mm/slab_common.c:904 free_large_kmalloc+'),
      `object pointer: 0x${virtual.toString(16)}`,
    ]);
    expect(machine.allocPages(GFP_KERNEL, 0)).toBe(pfns[1]);
  });
});

test.each(['slub', 'slab'] as const)(
  '%s: kfree of an address in the middle of whole pages gives all of them back',
  (slab) => {
    const machine = createMachine({ slab, ramBytes: '64M' });
    const large = machine.kmalloc(20_000, GFP_KERNEL)!;
    machine.log.take();
    machine.kfree(large + 8192);
    expect(machine.log.take()).toEqual([]);
    expect(machine.kmalloc(20_000, GFP_KERNEL)).toBe(large);
  },
);

test('a SLAB with DEBUG_SLAB warns of zeroes over what a constructor wrote at a place of its own, too', () => {
  const machine = createMachine({ slab: 'slab', debugSlab: true, ramBytes: '64M' });
  const cache = machine.kmemCacheCreate({ name: 'made', size: 64, ctor: () => {} })!;
  machine.kmemCacheAlloc(cache, GFP_KERNEL);
  machine.log.take();
  for (let i = 0; i < 2; i++) machine.kmemCacheAlloc(cache, GFP_KERNEL | __GFP_ZERO);
  expect(said(machine.log.take())).toEqual([
    expect.stringContaining(' at mm/slab.c:2966 cache_alloc_debugcheck_after+'),
  ]);
});

const NOT_A_SLAB = 'virt_to_cache: Object is not a Slab page!';

test('an address in no slab is a crash, but where somebody looks a warning, once, and nothing is freed', () => {
  const machine = createMachine({ ramBytes: '64M', cmdline: 'slub_nomerge' });
  const address = machine.allocPages(GFP_KERNEL, 0)! * 4096;
  const plain = machine.kmemCacheCreate({ name: 'plain', size: 64 })!;
  const checked = machine.kmemCacheCreate({ name: 'checked', size: 64, flags: SLAB_CONSISTENCY_CHECKS })!;
  const { ctx } = machine.on(0);
  expect(() => cacheFree(ctx, plain, address)).toThrow(KernelBug);
  machine.log.take();
  cacheFree(ctx, checked, address);
  expect(machine.log.take()).toContain(NOT_A_SLAB);
  cacheFree(ctx, checked, address);
  expect(machine.log.take()).toEqual([]);
  // In bulk the kernel goes on without the cache that it did not find.
  expect(() => cacheFreeBulk(ctx, checked, [address])).toThrow(KernelBug);
});

test('hardened pointers look at whose an object is, without any debugging', () => {
  const machine = createMachine({ ramBytes: '64M', cmdline: 'slub_nomerge', hardenedFreelist: 7 });
  const make = (name: string) => machine.kmemCacheCreate({ name, size: 64 })!;
  const [mine, other] = [make('mine'), make('other')];
  const { ctx } = machine.on(0);
  const object = machine.kmemCacheAlloc(mine, GFP_KERNEL)!;
  machine.log.take();
  cacheFree(ctx, other, object);
  expect(machine.log.take()).toContain('cache_from_obj: Wrong slab cache. other but object is from mine');
  // It went back to its own cache, first in the list.
  expect(machine.kmemCacheAlloc(mine, GFP_KERNEL)).toBe(object);
  cacheFree(ctx, other, machine.allocPages(GFP_KERNEL, 0)! * 4096);
  expect(machine.log.take()).toContain(NOT_A_SLAB);
});

function oneObject(options: MachineOptions) {
  const machine = createMachine({ ramBytes: '64M', cmdline: 'slub_nomerge', ...options });
  const cache = machine.kmemCacheCreate({ name: 'x', size: 64 })!;
  return { machine, cache, object: machine.kmemCacheAlloc(cache, GFP_KERNEL)! };
}

test('hardened pointers notice an object that is freed twice in a row, and crash', () => {
  const plain = oneObject({});
  plain.machine.kmemCacheFree(plain.cache, plain.object);
  expect(() => plain.machine.kmemCacheFree(plain.cache, plain.object)).not.toThrow();
  const { machine, cache, object } = oneObject({ hardenedFreelist: 7 });
  const other = machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
  machine.kmemCacheFree(cache, object);
  expect(() => machine.kmemCacheFree(cache, object)).toThrow('kernel BUG in set_freepointer');
  // With another one in between nobody notices.
  machine.kmemCacheFree(cache, other);
  expect(() => machine.kmemCacheFree(cache, object)).not.toThrow();
});

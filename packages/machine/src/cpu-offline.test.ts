import {
  SlabCache,
  type SlabSystem,
  NodeWord,
  readSlabCounts,
  slabCpuDead,
  slabCpuOnline,
  tuneCache,
  walkSlab,
} from '@mm/slab';
import {
  SlubCache,
  type SlubSystem,
  cpuPartialLength,
  cpuSlabsOf,
  readCounts,
  readStats,
  setMinPartial,
  slubCpuDead,
  walkSlub,
} from '@mm/slub';
import { PcpWord, checkBuddyInvariants, checkZoneCounters, pcpAt } from '@mm/buddy';
import { GFP_KERNEL } from '@mm/zones';
import { describe, expect, test } from 'vitest';

import { createMachine } from './create-machine.js';
import { cpuDead, cpuOnline } from './erased/index.js';

const slubWorld = () => {
  const machine = createMachine({ ramBytes: '64M', cpus: 2, cmdline: 'slub_nomerge' });
  const cache = machine.kmemCacheCreate({ name: 'x', size: 512 })!;
  if (!(cache instanceof SlubCache)) throw new Error('not a SLUB machine');
  const [own, other] = [machine.on(0), machine.on(1)];
  const held = Array.from({ length: 200 }, () => other.kmemCacheAlloc(cache, GFP_KERNEL)!);
  // One object of each slab that was full, and of the slab that is in use: the CPU keeps the former on its partial list.
  for (const object of held.splice(0, 100).filter((_, i) => i % 8 === 0)) other.kmemCacheFree(cache, object);
  return { machine, system: machine.kmem as SlubSystem, cache, own, other };
};

describe('a CPU goes offline under SLUB', () => {
  test('its slab and its partial list go to the node, counted by the CPU that flushes it', () => {
    const { system, cache, own } = slubWorld();
    expect(cpuPartialLength(cache, 1)).toBeGreaterThan(0);
    expect(cpuSlabsOf(cache, 1)).toBeGreaterThan(1);
    const slabs = readCounts(cache).slabs;
    slubCpuDead(own.ctx, system, 1);
    expect(cpuPartialLength(cache, 1)).toBe(0);
    expect(cpuSlabsOf(cache, 1)).toBe(0);
    const counts = readCounts(cache);
    expect([counts.slabs, counts.cpu_slabs]).toEqual([slabs, 0]);
    // Free objects of a CPU's slab counted as in use; now only those that are held do.
    expect(counts.objects).toBe(200 - 13);
    expect(readStats(cache, 0)[12]).toBe(1);
    expect(readStats(cache, 1)[12]).toBe(0);
    expect(walkSlub(cache).wrong).toEqual([]);
  });

  test('another CPU keeps its own, and is given what the dead one left', () => {
    const { system, cache, own } = slubWorld();
    const mine = own.kmemCacheAlloc(cache, GFP_KERNEL)!;
    own.kmemCacheFree(cache, mine);
    const before = [...cache.cpu.subarray(0, 8)];
    slubCpuDead(own.ctx, system, 1);
    expect([...cache.cpu.subarray(0, 8)]).toEqual(before);
    const { slabs } = readCounts(cache);
    for (let i = 0; i < 20; i++) own.kmemCacheAlloc(cache, GFP_KERNEL);
    expect(readCounts(cache).slabs).toBe(slabs);
  });
});

const slabWorld = () => {
  const machine = createMachine({ slab: 'slab', ramBytes: '64M', cpus: 2, cmdline: 'slab_nomerge' });
  const cache = machine.kmemCacheCreate({ name: 'x', size: 512 })!;
  if (!(cache instanceof SlabCache)) throw new Error('not a SLAB machine');
  const [own, other] = [machine.on(0), machine.on(1)];
  const held = Array.from({ length: 40 }, () => other.kmemCacheAlloc(cache, GFP_KERNEL)!);
  for (const object of held.splice(0, 30)) other.kmemCacheFree(cache, object);
  return { system: machine.kmem as SlabSystem, cache, own };
};

describe('a CPU goes offline under SLAB', () => {
  test('the objects of its array go back to their slabs, and free slabs to the page allocator', () => {
    const { system, cache, own } = slabWorld();
    expect(cache.arrays[1]!.words[0]).toBeGreaterThanOrEqual(30);
    slabCpuDead(own.ctx, system, 1);
    expect(cache.arrays[1]!.words[0]).toBe(0);
    const counts = readSlabCounts(cache);
    expect(counts.active_objs).toBe(10);
    expect(counts.num_slabs).toBe(counts.active_slabs);
    expect(walkSlab(cache).wrong).toEqual([]);
  });

  test('the node may keep a batch less of free objects, and the same again when the CPU is back', () => {
    const { system, cache, own } = slabWorld();
    // 54 objects of 512 bytes an array, half of them a batch; a slab holds eight.
    expect(cache.node[NodeWord.freeLimit]).toBe(3 * 27 + 8);
    slabCpuDead(own.ctx, system, 1);
    expect(cache.node[NodeWord.freeLimit]).toBe(2 * 27 + 8);
    // As it comes it does not count yet: one CPU and one more batch.
    slabCpuOnline(own.ctx, system, 1);
    expect(cache.node[NodeWord.freeLimit]).toBe(2 * 27 + 8);
  });
});

describe.each(['slub', 'slab'] as const)('a CPU of a machine goes offline under %s', (slab) => {
  const world = () => {
    const machine = createMachine({ slab, ramBytes: '64M', cpus: 2 });
    const cache = machine.kmemCacheCreate({ name: 'x', size: 512 })!;
    const [own, other] = [machine.on(0), machine.on(1)];
    const objects = Array.from({ length: 40 }, () => other.kmemCacheAlloc(cache, GFP_KERNEL)!);
    for (const object of objects.splice(0, 30)) other.kmemCacheFree(cache, object);
    const blocks = [0, 1, 3, 0, 2].map((order) => [other.allocPages(GFP_KERNEL, order)!, order] as const);
    for (const [pfn, order] of blocks) other.freePages(pfn, order);
    return { machine, own, other };
  };
  const wordsOf = ({ machine }: ReturnType<typeof world>, cpu: number): number[] => {
    const at = pcpAt(cpu, machine.zones.indexOf('DMA32'));
    return [PcpWord.count, PcpWord.freeDiff].map((word) => machine.pages.pcpState[at + word]!);
  };

  test('its lists of pages are given back with what it kept of caches, and its part of the counters', () => {
    const here = world();
    expect(wordsOf(here, 1)[0]).toBeGreaterThan(0);
    const onOther = wordsOf(here, 0)[0]!;
    cpuDead(here.own.ctx, here.machine.kmem, 1);
    expect(wordsOf(here, 1)).toEqual([0, 0]);
    // Slabs are freed by the CPU that takes the other down, to its own lists.
    expect(wordsOf(here, 0)[0]).toBeGreaterThanOrEqual(onOther);
    expect(checkBuddyInvariants(here.machine.pages)).toEqual([]);
  });

  test('it works as before when it is back', () => {
    const { machine, own, other } = world();
    cpuDead(own.ctx, machine.kmem, 1);
    cpuOnline(own.ctx, machine.kmem, 1);
    const pfn = other.allocPages(GFP_KERNEL, 0)!;
    other.freePages(pfn, 0);
    expect(other.allocPages(GFP_KERNEL, 0)).toBe(pfn);
    expect(checkBuddyInvariants(machine.pages)).toEqual([]);
  });
});

const limit = ({ node }: SlabCache): number => node[NodeWord.freeLimit]!;

test('under SLAB the limits of free objects go by the CPUs that are online, of caches made or tuned meanwhile too', () => {
  const machine = createMachine({ ramBytes: '64M', cpus: 4, slab: 'slab', cmdline: 'slab_nomerge' });
  const { ctx } = machine.on(0);
  const make = (name: string): SlabCache => machine.kmemCacheCreate({ name, size: 512 }) as SlabCache;
  const before = make('before');
  const { batchcount, num } = before;
  expect(limit(before)).toBe(5 * batchcount + num);
  for (let i = 0; i < 2; i++) cpuDead(ctx, machine.kmem, 3);
  const made = make('made');
  expect([limit(before), limit(made)]).toEqual([4 * batchcount + num, 4 * batchcount + num]);
  tuneCache(ctx, made, 20, 10, 0);
  expect(limit(made)).toBe(4 * 10 + num);
  // As it comes back it is not counted yet.
  for (let i = 0; i < 2; i++) cpuOnline(ctx, machine.kmem, 3);
  expect(limit(before)).toBe(4 * batchcount + num);
});

test.each(['slub', 'slab'] as const)(
  '%s: as a CPU goes offline the newest cache gives its pages back first',
  (slab) => {
    const cmdline = 'slub_nomerge slab_nomerge slub_max_order=0 slab_max_order=0';
    const machine = createMachine({ ramBytes: '64M', cpus: 2, slab, cmdline });
    const pages = ['older', 'newer'].map((name) => {
      const cache = machine.kmemCacheCreate({ name, size: 1000 })!;
      if (cache instanceof SlubCache) setMinPartial(cache, 0);
      const object = machine.on(1).kmemCacheAlloc(cache, GFP_KERNEL)!;
      machine.on(1).kmemCacheFree(cache, object);
      return Math.floor(object / 4096);
    });
    cpuDead(machine.on(0).ctx, machine.kmem, 1);
    // The page that was freed last is handed out first.
    expect([0, 1].map(() => machine.allocPages(GFP_KERNEL, 0))).toEqual(pages);
  },
);

/** A machine of four CPUs, of which each may hold its share of an eighth of ZONE_DMA32. */
const sharingWorld = () => {
  const machine = createMachine({ ramBytes: '512M', cpus: 4 });
  machine.writeSysctl('percpu_pagelist_high_fraction', '8');
  const zone = machine.zones.indexOf('DMA32');
  const pages = machine.zones.managed[zone]! >> 3;
  const words = (cpu: number): number[] => {
    const at = pcpAt(cpu, zone);
    return [PcpWord.high, PcpWord.statThreshold].map((word) => machine.pages.pcpState[at + word]!);
  };
  return { machine, ctx: machine.on(0).ctx, pages, words };
};

/** Limit of a CPU's lists, and threshold: 2 × fls(CPUs online) × (1 + fls(3)), where 3 times 128 MiB are whole. */
const shared = (pages: number, online: number, threshold: number): number[] => [
  Math.floor(pages / online),
  threshold,
];

describe('CPUs that are online share limits of lists and of counters', () => {
  test('with one less the others have more room, and fold their counters earlier', () => {
    const { machine, ctx, pages, words } = sharingWorld();
    expect(words(0)).toEqual(shared(pages, 4, 18));
    for (let i = 0; i < 2; i++) cpuDead(ctx, machine.kmem, 3);
    expect(words(0)).toEqual(shared(pages, 3, 12));
    // Limits of lists are set for those too that may come back, thresholds are not.
    expect(words(3)).toEqual(shared(pages, 3, 18));
    for (let i = 0; i < 2; i++) cpuOnline(ctx, machine.kmem, 3);
    expect([words(0), words(3)]).toEqual([shared(pages, 4, 18), shared(pages, 4, 18)]);
  });

  test('what is written to a sysctl meanwhile is shared by those that are online', () => {
    const { machine, ctx, words } = sharingWorld();
    cpuDead(ctx, machine.kmem, 3);
    machine.writeSysctl('percpu_pagelist_high_fraction', '100');
    expect(words(0)).toEqual(shared(Math.floor(machine.zones.managed[1]! / 100), 3, 12));
    machine.writeSysctl('percpu_pagelist_high_fraction', '0');
    expect(words(0)).toEqual(shared(machine.zones.wmark[1 * 4 + 1]!, 3, 12));
  });

  test('a snapshot knows who was online', () => {
    const { machine, ctx, pages, words } = sharingWorld();
    const all = machine.snapshot();
    cpuDead(ctx, machine.kmem, 3);
    const three = machine.snapshot();
    machine.restore(all);
    expect(machine.sysctls.cpus).toBe(4);
    expect(words(0)).toEqual(shared(pages, 4, 18));
    machine.restore(three);
    machine.writeSysctl('min_free_kbytes', '8000');
    expect(words(0)).toEqual(shared(pages, 3, 12));
  });

  test('what a counter held back under the threshold of more CPUs is not too much under that of fewer', () => {
    const { machine, ctx } = sharingWorld();
    for (let i = 0; i < 200; i++) machine.allocPages(GFP_KERNEL, 0);
    const part = machine.pages.pcpState[pcpAt(0, 1) + PcpWord.freeDiff]!;
    machine.pages.zoneState[1 * 8]! += part + 18;
    machine.pages.pcpState[pcpAt(0, 1) + PcpWord.freeDiff] = -18;
    cpuDead(ctx, machine.kmem, 3);
    expect(checkZoneCounters(machine.pages, 1)).toEqual([]);
    machine.pages.pcpState[pcpAt(0, 1) + PcpWord.freeDiff] = -19;
    expect(checkZoneCounters(machine.pages, 1).join()).toContain('beyond the threshold');
  });
});

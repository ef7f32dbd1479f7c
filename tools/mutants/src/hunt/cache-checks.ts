import { SLAB_CACHE_DMA32, SLAB_POISON, SLAB_TYPESAFE_BY_RCU } from '@mm/kmem';
import { type MachineOptions, createMachine } from '@mm/machine';
import { ModelViolation } from '@mm/model';
import { type SlabCache, slabShrink, walkSlab } from '@mm/slab';
import { NodeWord, type SlubSystem, walkSlub } from '@mm/slub';
import { Context } from '@mm/steps';
import { storeAttribute } from '@mm/sysfs';
import { GFP_KERNEL } from '@mm/zones';

import { type Check, hold, holdNone } from './check.js';

const REPORTS = /^BUG |^WARNING|Unexpected gfp/u;

const slubOf = (options: MachineOptions): { machine: ReturnType<typeof createMachine>; slub: SlubSystem } => {
  const machine = createMachine({ ramBytes: '64M', ...options });
  return { machine, slub: machine.kmem as SlubSystem };
};

/** Of caches as their makers see them. */
export const CACHE_CHECKS: Readonly<Record<string, Check>> = {
  'slub: boot debugging and merging'() {
    const { slub } = slubOf({ cmdline: 'slub_debug=P,twin-b' });
    const first = slub.register.create({ name: 'twin-a', size: 320 })!;
    const second = slub.register.create({ name: 'twin-b', size: 320 })!;
    const third = slub.register.create({ name: 'twin-c', size: 320 })!;
    hold('a cache that is to be debugged is not merged', first === second, false);
    hold('a cache that is to be debugged is debugged', (second.flags & SLAB_POISON) !== 0, true);
    hold('caches that are alike are merged', first === third, true);
  },

  'slab: the index list of a DMA32 cache'() {
    const machine = createMachine({ preset: 'arm64-2018', ramBytes: '64M', slab: 'slab' });
    let seen = 0;
    for (let size = 512; size <= 8192; size += 512) {
      const flags = SLAB_CACHE_DMA32 | SLAB_TYPESAFE_BY_RCU;
      const cache = machine.kmemCacheCreate({ name: `tables-${size}`, size, flags }) as SlabCache;
      if (!cache.offSlab) continue;
      seen++;
      // Enough for the cache of the index lists to grow as well.
      for (let i = 0; i < cache.num * 200; i++) if (machine.kmemCacheAlloc(cache, GFP_KERNEL) === null) break;
    }
    if (seen === 0) throw new Error('no cache keeps its index list elsewhere');
    const lines = machine.log.dmesg().filter((line) => line.startsWith('Unexpected gfp'));
    holdNone('what an allocator asks of itself needs no fixing up', lines);
  },

  'caches destroyed with live objects'() {
    const machine = createMachine({ ramBytes: '64M' });
    const cache = machine.kmemCacheCreate({ name: 'leaky', size: 320 })!;
    const object = machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
    machine.memory.write32(object, 0x1ea4);
    hold('a cache with live objects is not gone', machine.kmemCacheDestroy(cache), false);
    for (const listed of machine.kmem.register.caches)
      hold('every cache on the list is alive', listed.alive, 1);
    hold('a live object keeps its bytes', machine.memory.read32(object), 0x1ea4);
  },

  'slub: debugged caches of every small size'(random) {
    const flags = ['F', 'Z', 'P', 'U', 'FZ', 'FZP', 'FZPU', 'ZU'][random.below(8)]!;
    const { machine, slub } = slubOf({ cmdline: `slub_debug=${flags}` });
    for (let size = 1; size <= 40; size += 1 + random.below(3)) {
      const cache = slub.register.create({ name: `tiny-${size}`, size })!;
      const objects = Array.from({ length: 8 }, () => machine.kmemCacheAlloc(cache, GFP_KERNEL)!);
      for (const object of objects) for (let at = 0; at < size; at++) machine.memory.write8(object + at, at);
      for (const object of objects) machine.kmemCacheFree(cache, object);
      machine.kmemCacheAlloc(cache, GFP_KERNEL);
      if (flags.includes('F')) storeAttribute(new Context(), cache, 'validate', '1');
    }
    holdNone(
      'debugging reports nothing where nothing was done wrong',
      machine.log.dmesg().filter((line) => REPORTS.test(line)),
    );
  },

  'slub: written attributes and geometry'() {
    const { machine, slub } = slubOf({});
    const cache = slub.register.create({ name: 'written', size: 700 })!;
    const geometry = (): string => [cache.order, cache.objects, cache.size, cache.offset, cache.align].join();
    const before = geometry();
    machine.kmemCacheAlloc(cache, GFP_KERNEL);
    for (const name of [
      'order',
      'object_size',
      'objs_per_slab',
      'align',
      'min_partial',
      'cpu_partial',
      'shrink',
    ])
      for (const text of ['0', '1', '3', 'x']) storeAttribute(new Context(), cache, name, text);
    hold('the geometry of a cache is constant', geometry(), before);
  },

  'slub: two caches of one name that are not merged'() {
    const { slub } = slubOf({ cmdline: 'slub_nomerge' });
    const caches = [1, 2].map(() => slub.register.create({ name: 'io-pgtable_armv7s_l2', size: 1024 })!);
    for (const cache of caches)
      if (slub.names.directories.get(cache.uid) !== cache)
        throw new ModelViolation('every live cache has its directory', cache.name);
  },

  'slub: more empty slabs than the node keeps'(random) {
    const { machine, slub } = slubOf({ strict: true });
    const cache = slub.register.create({ name: 'bursts', size: 1000 + random.below(1000) })!;
    storeAttribute(new Context(), cache, 'cpu_partial', '0');
    const objects = Array.from({ length: 300 }, () => machine.kmemCacheAlloc(cache, GFP_KERNEL)!);
    while (objects.length > 0) {
      const at = random.below(objects.length);
      machine.kmemCacheFree(cache, objects[at]!);
      objects[at] = objects.at(-1)!;
      objects.pop();
    }
    const kept = cache.node[NodeWord.nrPartial]!;
    if (kept > cache.minPartial + 1)
      throw new ModelViolation('the node keeps no more empty slabs than it may', `${kept}`);
    holdNone('the structures of the slab allocator agree with each other', walkSlub(cache).wrong);
  },

  'slab: caches with their index lists elsewhere'() {
    const machine = createMachine({ ramBytes: '64M', slab: 'slab' });
    const flags = SLAB_TYPESAFE_BY_RCU;
    for (let size = 512; size <= 8192; size += 512) {
      const cache = machine.kmemCacheCreate({ name: `lists-${size}`, size, flags }) as SlabCache;
      if (!cache.offSlab) continue;
      const home = cache.system.freelistCache(cache.freelistSize)!;
      const before = walkSlab(home).live;
      const objects = Array.from({ length: cache.num * 30 }, () =>
        machine.kmemCacheAlloc(cache, GFP_KERNEL)!,
      );
      const slabs = (): number => walkSlab(cache).slabs;
      hold('objects in use = slabs whose index lists they are', walkSlab(home).live - before, slabs());
      for (const object of objects) machine.kmemCacheFree(cache, object);
      slabShrink(new Context(), cache);
      hold('objects in use = slabs whose index lists they are', walkSlab(home).live - before, slabs());
    }
  },
};

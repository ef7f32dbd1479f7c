import { SLAB_TYPESAFE_BY_RCU } from '@mm/kmem';
import { readBytes } from '@mm/memory';
import { KernelBug } from '@mm/printk';
import { SlabCache, drainAll, slabAllocBulk, slabDestroy, slabShrink, walkSlab } from '@mm/slab';
import { GFP_KERNEL, __GFP_NOWARN, __GFP_ZERO } from '@mm/zones';
import { expect, test } from 'vitest';

import { createMachine } from './create-machine.js';

const ACTIVE = 'd84156c5635688c0';
const INACTIVE = '9f911029d74e35b';

const virtual = (at: number): string => (0xffff888000000000n + BigInt(at)).toString(16);

function debugged(size: number, align = 0, flags = 0, constructs = false) {
  const machine = createMachine({ ramBytes: '64M', slab: 'slab', debugSlab: true, cmdline: 'slab_nomerge' });
  const ctor = constructs ? (object: number): void => machine.memory.write8(object, 0xc7) : null;
  const cache = machine.kmemCacheCreate({ name: 'watched', size, align, flags, ctor })!;
  if (!(cache instanceof SlabCache)) throw new Error('not a SLAB machine');
  const { ctx } = machine.on(0);
  machine.log.take();
  const alloc = (gfp = GFP_KERNEL): number => machine.kmemCacheAlloc(cache, gfp)!;
  const free = (object: number): void => machine.kmemCacheFree(cache, object);
  const bytes = (object: number): number[] => [...readBytes(machine.memory, object, size)];
  const word = (at: number): string =>
    ((BigInt(machine.memory.read32(at + 4) >>> 0) << 32n) | BigInt(machine.memory.read32(at) >>> 0)).toString(
      16,
    );
  return { machine, cache, ctx, alloc, free, bytes, word, log: () => machine.log.take() };
}

test('an object in use is full of 0x5a and ends in 0xa5, between active red zones; a free one is full of 0x6b', () => {
  const { machine, alloc, free, bytes, word, log } = debugged(40);
  const object = alloc();
  expect(bytes(object)).toEqual([...Array<number>(39).fill(0x5a), 0xa5]);
  expect([word(object - 8), word(object + 40)]).toEqual([ACTIVE, ACTIVE]);
  // The last user stands behind the second red zone: its caller is code of the kernel.
  expect(word(object + 48)).toMatch(/^ffffffff8/u);
  // Whoever frees is the last user from then on.
  machine.memory.write32(object + 48, 0);
  free(object);
  expect(word(object + 48)).toMatch(/^ffffffff8/u);
  expect(bytes(object)).toEqual([...Array<number>(39).fill(0x6b), 0xa5]);
  expect([word(object - 8), word(object + 40)]).toEqual([INACTIVE, INACTIVE]);
  expect(log()).toEqual([]);
});

test('zeroes that were asked for win over poison', () => {
  const { alloc, bytes } = debugged(40);
  expect(bytes(alloc(GFP_KERNEL | __GFP_ZERO))).toEqual(Array<number>(40).fill(0));
});

test('a write into a free object is reported with its bytes and neighbours when it is handed out again', () => {
  const { machine, alloc, free, log } = debugged(40);
  const objects = [alloc(), alloc(), alloc()].toSorted((a, b) => a - b);
  const middle = objects[1]!;
  free(middle);
  machine.memory.write32(middle + 20, 0x12345678);
  expect(alloc()).toBe(middle);
  const lines = log();
  expect(lines.slice(0, 4)).toEqual([
    `Slab corruption (Not tainted): watched start=${virtual(middle)}, len=40`,
    `Redzone: 0x${INACTIVE}/0x${INACTIVE}`,
    'Last user: (caller+0x0/0x0)',
    '010: 6b 6b 6b 6b 78 56 34 12 6b 6b 6b 6b 6b 6b 6b 6b  kkkkxV4.kkkkkkkk',
  ]);
  expect(lines).toContain(`Prev obj: start=${virtual(objects[0]!)}, len=40`);
  expect(lines).toContain(`Next obj: start=${virtual(objects[2]!)}, len=40`);
  expect(lines).toContain(`Redzone: 0x${ACTIVE}/0x${ACTIVE}`);
  expect(lines.some((line) => line.startsWith('000: 5a 5a'))).toBe(true);
});

test('one flipped bit is taken for bad memory', () => {
  const { machine, alloc, free, log } = debugged(40);
  const object = alloc();
  free(object);
  machine.memory.write8(object + 3, 0x6b ^ 0x10);
  alloc();
  const lines = log();
  expect(lines).toContain('Single bit error detected. Probably bad RAM.');
  expect(lines).toContain('Run memtest86+ or a similar memory test tool.');
});

test('of a free object that is all wrong at most six lines are shown', () => {
  const { machine, alloc, free, log } = debugged(256);
  const object = alloc();
  free(object);
  for (let i = 0; i < 256; i += 4) machine.memory.write32(object + i, 0);
  alloc();
  const shown = log().filter((line) => /^[0-9a-f]{3}: 00/u.test(line));
  expect(shown.map((line) => line.slice(0, 3))).toEqual(['000', '010', '020', '030', '040', '050']);
});

test('a write behind an object in use is reported when it is freed, and the kernel goes on', () => {
  const { machine, alloc, free, log } = debugged(40);
  const object = alloc();
  machine.memory.write8(object + 40, 0);
  free(object);
  expect(log()).toEqual([
    "slab error in verify_redzone_free(): cache `watched': memory outside object was overwritten",
    'Disabling lock debugging due to kernel taint',
    `${virtual(object - 8)}: redzone 1:0x${ACTIVE}, redzone 2:0xd84156c563568800`,
  ]);
  expect(alloc()).toBe(object);
  expect(log()).toEqual([]);
});

test('a write before a free object is reported when it is handed out', () => {
  const { machine, alloc, free, log } = debugged(40);
  const object = alloc();
  free(object);
  machine.memory.write8(object - 1, 0xff);
  alloc();
  expect(log()[0]).toBe(
    "slab error in cache_alloc_debugcheck_after(): cache `watched': double free, or memory outside object was overwritten",
  );
});

test('a double free is reported at once, and ends the kernel when both copies reach their slab', () => {
  const { cache, ctx, alloc, free, log } = debugged(40);
  const object = alloc();
  free(object);
  free(object);
  expect(log()[0]).toBe("slab error in verify_redzone_free(): cache `watched': double free detected");
  expect(() => drainAll(ctx, cache)).toThrow(KernelBug);
  expect(log()).toEqual([`slab: double free detected in cache 'watched', objp ${virtual(object - 8)}`]);
});

test('a free of what is no object of the cache ends the kernel before anything is written', () => {
  const { machine, cache, alloc, free, bytes } = debugged(40);
  const other = machine.kmemCacheCreate({ name: 'other', size: 40 })!;
  const object = alloc();
  const before = bytes(object);
  expect(() => free(object + 8)).toThrow('not where an object begins');
  expect(() => machine.kmemCacheFree(other, object)).toThrow('of another cache');
  expect(() => free(object - 8 - cache.size * 1000)).toThrow(KernelBug);
  expect(bytes(object)).toEqual(before);
});

test('a write into an empty slab is reported when the slab is given back', () => {
  const { machine, cache, ctx, alloc, free, log } = debugged(40);
  const objects = [alloc(), alloc()];
  for (const object of objects) free(object);
  machine.memory.write8(objects[0]! + 5, 1);
  machine.memory.write8(objects[1]! - 1, 1);
  slabShrink(ctx, cache);
  const lines = log();
  expect(lines.filter((line) => line.startsWith('Slab corruption'))).toHaveLength(1);
  expect(lines).toContain(
    "slab error in slab_destroy_debugcheck(): cache `watched': start of a freed object was overwritten",
  );
});

test('with poison, constructors run at every allocation', () => {
  const { machine, alloc, free, bytes } = debugged(40, 0, 0, true);
  const object = alloc();
  machine.memory.write8(object, 0x11);
  free(object);
  expect(bytes(object)[0]).toBe(0x6b);
  expect(alloc()).toBe(object);
  expect(bytes(object).slice(0, 2)).toEqual([0xc7, 0x5a]);
});

test('SLAB_TYPESAFE_BY_RCU keeps objects as they were: no poison, and the constructor runs once', () => {
  const { machine, alloc, free, bytes } = debugged(40, 0, SLAB_TYPESAFE_BY_RCU, true);
  const object = alloc();
  expect(bytes(object)[0]).toBe(0xc7);
  machine.memory.write8(object, 0x11);
  free(object);
  expect(alloc()).toBe(object);
  expect(bytes(object)[0]).toBe(0x11);
});

test('a constructor that writes behind its object is reported as the slab is made', () => {
  const machine = createMachine({ ramBytes: '64M', slab: 'slab', debugSlab: true });
  const cache = machine.kmemCacheCreate({
    name: 'wide',
    size: 40,
    flags: SLAB_TYPESAFE_BY_RCU,
    ctor: (object) => machine.memory.write8(object + 40, 0xff),
  })!;
  machine.kmemCacheAlloc(cache, GFP_KERNEL);
  expect(machine.log.dmesg()).toContain(
    "slab error in cache_init_objs_debug(): cache `wide': constructor overwrote the end of an object",
  );
});

test('alignment above 8 leaves no room for red zones, and poison stays', () => {
  const { machine, cache, alloc, free, log } = debugged(1024, 1024);
  expect([cache.size, cache.objOffset]).toEqual([1024, 0]);
  const object = alloc();
  free(object);
  machine.memory.write8(object + 1000, 0);
  alloc();
  expect(log()[0]).toMatch(/^Slab corruption \(Not tainted\): watched/u);
});

test('every path keeps the marks: bulk, full slabs whose index list lies in an object, shrink, destroy', () => {
  for (const size of [24, 100, 512, 2000, 5000]) {
    const { cache, ctx, alloc, free, log } = debugged(size);
    const objects: number[] = [];
    slabAllocBulk(ctx, cache, GFP_KERNEL, 3 * cache.num + 1, objects);
    expect(walkSlab(cache).wrong).toEqual([]);
    for (const object of objects.filter((_, i) => i % 3 !== 0)) free(object);
    expect(walkSlab(cache).wrong).toEqual([]);
    const again = Array.from({ length: cache.num }, () => alloc());
    expect(walkSlab(cache).wrong).toEqual([]);
    for (const object of [...objects.filter((_, i) => i % 3 === 0), ...again]) free(object);
    drainAll(ctx, cache);
    expect(walkSlab(cache).wrong).toEqual([]);
    expect(slabDestroy(ctx, cache)).toBe(true);
    expect(log(), `${size} bytes`).toEqual([]);
  }
});

test('the walk sees a write outside an object that nobody has noticed yet', () => {
  const { machine, cache, alloc } = debugged(40);
  const object = alloc();
  machine.memory.write8(object - 1, 0);
  expect(walkSlab(cache).wrong).toHaveLength(1);
  machine.memory.write8(object - 1, 0xd8);
  expect(walkSlab(cache).wrong).toEqual([]);
});

test('failed allocations are reported ten times', () => {
  const machine = createMachine({ ramBytes: '16M', slab: 'slab', debugSlab: true });
  const cache = machine.kmemCacheCreate({ name: 'x', size: 4000 })!;
  while (machine.kmemCacheAlloc(cache, GFP_KERNEL | __GFP_NOWARN) !== null);
  machine.log.take();
  for (let i = 0; i < 12; i++) machine.kmemCacheAlloc(cache, GFP_KERNEL);
  const reports = machine.log.take().filter((line) => line.startsWith('SLAB: Unable to allocate memory'));
  expect(reports).toHaveLength(10);
});

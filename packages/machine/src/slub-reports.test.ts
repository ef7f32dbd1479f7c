import { SLAB_CONSISTENCY_CHECKS, SLAB_POISON, SLAB_STORE_USER } from '@mm/kmem';
import { KernelBug, LogLevel } from '@mm/printk';
import { SlubCache, readCounts, slubFreeBulk } from '@mm/slub';
import { GFP_KERNEL } from '@mm/zones';
import { expect, test } from 'vitest';

import { createMachine } from './create-machine.js';

const virtual = (at: number): string => (0xffff888000000000n + BigInt(at)).toString(16);

function checked(size: number, flags: number) {
  const machine = createMachine({ ramBytes: '64M', cmdline: 'slub_nomerge' });
  const cache = machine.kmemCacheCreate({ name: 'watched', size, flags: SLAB_CONSISTENCY_CHECKS | flags })!;
  if (!(cache instanceof SlubCache)) throw new Error('not a SLUB machine');
  machine.log.take();
  const alloc = (): number => machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
  const free = (object: number): void => machine.kmemCacheFree(cache, object);
  return { machine, cache, alloc, free, log: () => machine.log.take() };
}

test('a corrupt free list is printed as it was read, odd as it may be', () => {
  const { machine, cache, alloc, free, log } = checked(96, SLAB_POISON);
  const [first, second] = [alloc(), alloc()];
  free(second);
  free(first);
  machine.memory.write8(first + cache.offset, 0x43);
  expect(alloc()).not.toBe(first);
  expect(log()).toContainEqual(
    expect.stringContaining(`fp=0x${virtual(Math.floor(second / 4096) * 4096 + 0x43)} `),
  );
});

test('a caller whose address was overwritten in part is still told, as is a stack trace that is gone', () => {
  const { machine, cache, alloc, free, log } = checked(64, SLAB_STORE_USER | SLAB_POISON);
  const object = alloc();
  free(object);
  const report = (): string[] => {
    machine.memory.write8(object, 0);
    machine.fs.writeFileSync('/sys/kernel/slab/watched/validate', '1');
    return log().filter((line) => /^(?:Allocated|Freed) in|stack trace missing$/u.test(line));
  };
  const track = object + cache.inuse + 8;
  machine.memory.write32(track, 0);
  expect(report().map((line) => line.split(' ')[0])).toEqual(['Allocated', 'Freed']);
  machine.memory.write32(track + 8, 0);
  expect(report()[1]).toBe('object allocation/free stack trace missing');
  machine.memory.write32(track + 4, 0);
  expect(report().map((line) => line.split(' ')[0])).toEqual(['Freed']);
});

test('a second free ends the free list although it is refused: the kernel dies of the next but one allocation', () => {
  const { alloc, free, log } = checked(72, SLAB_STORE_USER);
  const object = alloc();
  free(object);
  free(object);
  expect(log()).toContainEqual(expect.stringContaining('Slab has 0 allocated objects but 1 are to be freed'));
  expect(alloc()).toBe(object);
  expect(() => alloc()).toThrow(KernelBug);
});

test('a slab that lost its free objects is freed into as if it had been full: it stays counted among the partial ones for ever', () => {
  const { machine, cache, alloc, free, log } = checked(72, SLAB_STORE_USER);
  const read = (): string => machine.fs.readFileSync('/sys/kernel/slab/watched/partial', 'utf8');
  const object = alloc();
  free(object);
  free(object);
  free(alloc());
  expect(log()).toContainEqual(expect.stringContaining('Counter is 1 but counted were'));
  expect(read()).toBe('2\n');
  expect(alloc()).toBe(object);
  expect(read()).toBe('1\n');
  // The list is empty, whatever its count says: a new slab.
  const other = alloc();
  expect(Math.floor(other / 4096)).not.toBe(Math.floor(object / 4096));
  machine.fs.writeFileSync('/sys/kernel/slab/watched/validate', '1');
  expect(log()).toContainEqual('SLUB watched: 1 partial slabs counted but counter=2');
  free(object);
  free(other);
  expect(machine.kmemCacheDestroy(cache)).toBe(false);
  expect(log()).toContainEqual(
    expect.stringContaining('kmem_cache_destroy watched: Slab cache still has objects'),
  );
});

test('an object that stands in a list twice is freed once, and the list is told to be shorter than it should', () => {
  const { machine, cache, alloc, log } = checked(72, SLAB_STORE_USER);
  const [object] = [alloc(), alloc()];
  slubFreeBulk(machine.on(0).ctx, cache, [object, object]);
  expect(log()).toContainEqual(expect.stringContaining('Bulk free expected 2 objects but found 1'));
  expect(readCounts(cache).objects).toBe(1);
});

test('what a cache is traced to do is information, its bytes too', () => {
  const machine = createMachine({ ramBytes: '64M', cmdline: 'slub_debug=T,traced' });
  const cache = machine.kmemCacheCreate({ name: 'traced', size: 32 })!;
  const before = machine.log.lines.length;
  machine.kmemCacheFree(cache, machine.kmemCacheAlloc(cache, GFP_KERNEL)!);
  expect(machine.log.lines.slice(before).map(({ level, text }) => [level, text.split(' ')[0]])).toEqual([
    [LogLevel.info, 'TRACE'],
    [LogLevel.info, 'TRACE'],
    [LogLevel.info, 'Object'],
    [LogLevel.info, 'Object'],
  ]);
});

test('the words of a report about a slab end with their 99th character', () => {
  const machine = createMachine({ ramBytes: '64M', cmdline: 'slub_nomerge' });
  const cache = machine.kmemCacheCreate({ name: 'n'.repeat(90), size: 64, flags: SLAB_CONSISTENCY_CHECKS })!;
  machine.kmemCacheAlloc(cache, GFP_KERNEL);
  machine.kmemCacheDestroy(cache);
  expect(machine.log.take()).toContainEqual(
    expect.stringMatching(/^BUG n{90} \(Not tainted\): Objects remaining in n{78}$/u),
  );
});

test('of an object that is none a report tells its slab and the pointer alone', () => {
  const { machine, cache, alloc, free, log } = checked(64, 0);
  const object = alloc();
  free(object);
  // The slab's own free list leads between two objects.
  const slot = machine.frames.slotOf(Math.floor(object / 4096));
  machine.frames.owner1[slot]! += 8;
  alloc();
  const lines = log();
  const at = lines.findIndex((line) => line.endsWith('Freelist Pointer check fails'));
  expect(lines.slice(at + 3, at + 6)).toEqual([
    expect.stringMatching(/^Slab 0x/u),
    `Invalid pointer 0x${virtual(object + 8)}`,
    'Disabling lock debugging due to kernel taint',
  ]);
  expect(readCounts(cache).slabs).toBe(2);
});

import { SLAB_CACHE_DMA32, SLAB_TYPESAFE_BY_RCU } from '@mm/kmem';
import { kmemCacheDestroy, slubAlloc, slubCpuDead, slubFree, endGracePeriod } from '@mm/slub';
import { Context } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';
import { describe, expect, it } from 'vitest';

import { smallParts, smallSlub } from '../../test/small-parts.js';
import { type FileNode, KernelFs, SLAB_ATTRIBUTES, openFile, readFile } from '../index.js';

const SLAB = '/sys/kernel/slab';
const ctx = new Context(0);

const files = (options: Parameters<typeof smallSlub>[0]): string[] =>
  smallSlub(options).fs.readdirSync(`${SLAB}/kmalloc-64`);
const needing = (needs: string): string[] =>
  SLAB_ATTRIBUTES.filter((one) => one.needs === needs).map(({ name }) => name);

describe('which files there are', () => {
  it('the recorded kernel has those of debugging and statistics, and of ZONE_DMA', () => {
    const names = files({});
    for (const name of [...needing('SLUB_DEBUG'), ...needing('SLUB_STATS'), 'cache_dma', 'usersize'])
      expect(names).toContain(name);
    for (const name of ['cache_dma32', 'failslab', 'skip_kfence', 'remote_node_defrag_ratio', 'alloc_calls'])
      expect(names).not.toContain(name);
  });

  it('options of the kernel take files away and add others', () => {
    const names = files({ config: { slubDebug: false, slubStats: false, failslab: true, kfence: true } });
    for (const name of [...needing('SLUB_DEBUG'), ...needing('SLUB_STATS')])
      expect(names).not.toContain(name);
    expect(names).toContain('failslab');
    expect(names).toContain('skip_kfence');
    const { fs } = smallSlub({ config: { slubDebug: false } });
    expect(fs.existsSync('/proc/slabinfo')).toBe(false);
    expect(fs.existsSync('/sys/kernel/debug/slab')).toBe(false);
  });

  it('cache_dma32 is there under the series as it was posted, and tells the caches that have the flag', () => {
    const { fs, slub } = smallSlub({ series: 'v4' });
    slub.register.create({ name: 'tables', size: 1024, align: 1024, flags: SLAB_CACHE_DMA32 });
    expect(fs.readlinkSync(`${SLAB}/tables`)).toBe(':D-0001024');
    expect(fs.readFileSync(`${SLAB}/tables/cache_dma32`, 'utf8')).toBe('1\n');
    expect(fs.readFileSync(`${SLAB}/kmalloc-1k/cache_dma32`, 'utf8')).toBe('0\n');
    expect(smallSlub({ series: 'merged' }).fs.existsSync(`${SLAB}/kmalloc-1k/cache_dma32`)).toBe(false);
  });

  it('SLAB has nothing below /sys/kernel', () => {
    const fs = new KernelFs(smallParts({ slab: 'slab' }));
    expect(fs.readdirSync('/sys/kernel')).toEqual([]);
  });
});

describe('what files say and do', () => {
  it('shrink gives empty slabs back', () => {
    const { fs, slub } = smallSlub();
    const cache = slub.register.create({ name: 'pages', size: 4096, ctor: () => {} })!;
    const objects = Array.from({ length: 100 }, () => slubAlloc(ctx, cache, GFP_KERNEL)!);
    for (const object of objects) slubFree(ctx, cache, object);
    const slabs = (): number => Number(fs.readFileSync(`${SLAB}/pages/slabs`, 'utf8'));
    expect(slabs()).toBeGreaterThan(0);
    fs.writeFileSync(`${SLAB}/pages/shrink`, '1');
    expect(slabs()).toBe(0);
    expect(fs.readFileSync(`${SLAB}/pages/total_objects`, 'utf8')).toBe('0\n');
  });

  it('min_partial keeps empty slabs, and cpu_partial has CPUs give theirs up', () => {
    const { fs, slub } = smallSlub();
    const cache = slub.register.create({ name: 'x', size: 512, ctor: () => {} })!;
    slubAlloc(ctx, cache, GFP_KERNEL);
    expect(fs.readFileSync(`${SLAB}/x/cpu_slabs`, 'utf8')).toBe('1\n');
    fs.writeFileSync(`${SLAB}/x/cpu_partial`, '7\n');
    expect(fs.readFileSync(`${SLAB}/x/cpu_partial`, 'utf8')).toBe('7\n');
    expect(fs.readFileSync(`${SLAB}/x/cpu_slabs`, 'utf8')).toBe('0\n');
    expect(fs.readFileSync(`${SLAB}/x/partial`, 'utf8')).toBe('1\n');
    fs.writeFileSync(`${SLAB}/x/min_partial`, '9007199254740993');
    expect(cache.minPartial).toBeGreaterThan(2 ** 52);
  });

  it('a counter shows each CPU that counted, starts again when 0 is written, and forgets CPUs that are offline', () => {
    const { fs, slub } = smallSlub();
    const cache = slub.register.create({ name: 'x', size: 64, ctor: () => {} })!;
    for (const cpu of [0, 1, 1]) slubAlloc(new Context(cpu), cache, GFP_KERNEL);
    const file = `${SLAB}/x/alloc_slowpath`;
    expect(fs.readFileSync(file, 'utf8')).toBe('2 C0=1 C1=1\n');
    slubCpuDead(ctx, slub, 1);
    expect(fs.readFileSync(file, 'utf8')).toBe('1 C0=1\n');
    fs.writeFileSync(file, '0');
    slub.online[1] = 1;
    expect(fs.readFileSync(file, 'utf8')).toBe('1 C1=1\n');
  });

  it('validate looks at debugged caches alone, and reports what is broken', () => {
    const { fs, slub, parts } = smallSlub({ cmdline: 'slub_debug=FZ,x' });
    const cache = slub.register.create({ name: 'x', size: 64 })!;
    const object = slubAlloc(ctx, cache, GFP_KERNEL)!;
    fs.writeFileSync(`${SLAB}/x/validate`, '1');
    expect(parts.pages.log.dmesg().join('\n')).not.toContain('BUG x');
    parts.pages.memory.write8(object + 64, 0);
    fs.writeFileSync(`${SLAB}/x/validate`, '1');
    expect(parts.pages.log.dmesg().join('\n')).toContain('BUG x');
    expect(() => fs.writeFileSync(`${SLAB}/kmalloc-8k/validate`, '1')).toThrow('EINVAL');
  });

  it('objects is 0 where the kernel cannot count them', () => {
    const { fs, slub } = smallSlub({ config: { slubDebug: false } });
    slubAlloc(ctx, slub.register.create({ name: 'x', size: 64, ctor: () => {} })!, GFP_KERNEL);
    expect(fs.readFileSync(`${SLAB}/x/objects`, 'utf8')).toBe('0\n');
  });

  it('a tracked cache says in debugfs who allocated, the most frequent first', () => {
    const { fs, slub } = smallSlub({ cmdline: 'slub_debug=U,x' });
    const cache = slub.register.create({ name: 'x', size: 64 })!;
    const file = '/sys/kernel/debug/slab/x/alloc_traces';
    expect(fs.readFileSync(file, 'utf8')).toBe('No data\n');
    for (const cpu of [0, 0, 1]) slubAlloc(new Context(cpu), cache, GFP_KERNEL);
    expect(fs.readFileSync(file, 'utf8')).toBe('      3 caller+0x0/0x0 age=0 pid=1 cpus=0-1\n');
    expect(fs.readFileSync('/sys/kernel/debug/slab/x/free_traces', 'utf8')).toContain('<not-available>');
  });
});

const DEBUG_SLAB = '/sys/kernel/debug/slab';
const tracked = (): ReturnType<typeof smallSlub> => smallSlub({ cmdline: 'slub_debug=U,x,y*' });
const saidOfDebugfs = ({ parts }: ReturnType<typeof smallSlub>): string[] =>
  parts.pages.log.dmesg().filter((line) => line.startsWith('debugfs'));

describe('directories of debugfs', () => {
  it('of two caches of one name the first has the directory, and whichever goes takes it away for good', () => {
    const made = tracked();
    const { fs, slub } = made;
    const [first, second, third] = [1, 2, 3].map(() => slub.register.create({ name: 'x', size: 64 })!);
    const line = "debugfs: Directory 'x' with parent 'slab' already present!";
    expect(saidOfDebugfs(made)).toEqual([line, line]);
    slubAlloc(ctx, first!, GFP_KERNEL);
    expect(fs.readFileSync(`${DEBUG_SLAB}/x/alloc_traces`, 'utf8')).toContain('      1 ');
    kmemCacheDestroy(ctx, second!);
    expect(fs.readdirSync(DEBUG_SLAB)).toEqual([]);
    kmemCacheDestroy(ctx, third!);
    slub.register.create({ name: 'x', size: 64 });
    expect(fs.readdirSync(DEBUG_SLAB)).toEqual(['x']);
    expect(fs.readFileSync(`${DEBUG_SLAB}/x/alloc_traces`, 'utf8')).toBe('No data\n');
  });

  it('a name with a slash has none, and that of a cache by RCU goes with the grace period', () => {
    const made = tracked();
    const { fs, slub } = made;
    slub.register.create({ name: 'y/z', size: 64 });
    const cache = slub.register.create({ name: 'y', size: 64, flags: SLAB_TYPESAFE_BY_RCU })!;
    kmemCacheDestroy(ctx, cache);
    expect(fs.readdirSync(DEBUG_SLAB)).toEqual(['y']);
    endGracePeriod(ctx, slub);
    expect(fs.readdirSync(DEBUG_SLAB)).toEqual([]);
    expect(saidOfDebugfs(made)).toEqual([]);
  });

  it('an open file tells what was so when it was opened, and cannot be read when its directory has gone', () => {
    const { parts, slub } = tracked();
    const cache = slub.register.create({ name: 'x', size: 64 })!;
    const file = openFile(ctx, parts, `${DEBUG_SLAB}/x/alloc_traces`, 'reading') as FileNode;
    const object = slubAlloc(ctx, cache, GFP_KERNEL)!;
    expect(readFile(ctx, parts, file)).toBe('No data\n');
    slubFree(ctx, cache, object);
    kmemCacheDestroy(ctx, cache);
    expect(readFile(ctx, parts, file)).toBe(-5);
  });
});

describe('directories and links', () => {
  it('users of one cache are links to it, which stay when it goes', () => {
    const { fs, slub } = smallSlub();
    const first = slub.register.create({ name: 'a', size: 40 })!;
    expect(slub.register.create({ name: 'b', size: 40 })).toBe(first);
    expect(fs.realpathSync(`${SLAB}/b`)).toBe(`${SLAB}/:0000040`);
    expect(fs.readFileSync(`${SLAB}/a/aliases`, 'utf8')).toBe('1\n');
    kmemCacheDestroy(ctx, first);
    kmemCacheDestroy(ctx, first);
    expect(fs.lstatSync(`${SLAB}/b`).isSymbolicLink()).toBe(true);
    expect(fs.existsSync(`${SLAB}/b`)).toBe(false);
    slub.register.create({ name: 'c', size: 40 });
    expect(fs.existsSync(`${SLAB}/b/order`)).toBe(true);
  });

  it('a cache that was given up with live objects stays, with one alias less than none', () => {
    const { fs, slub } = smallSlub();
    const cache = slub.register.create({ name: 'kept', size: 40 })!;
    slubAlloc(ctx, cache, GFP_KERNEL);
    expect(kmemCacheDestroy(ctx, cache)).toBe(false);
    expect(fs.readFileSync(`${SLAB}/kept/aliases`, 'utf8')).toBe('-1\n');
  });

  it('of two caches of one name that cannot be merged the second takes the directory', () => {
    const { fs, slub } = smallSlub({ cmdline: 'slub_nomerge' });
    const first = slub.register.create({ name: 'x', size: 64 })!;
    const second = slub.register.create({ name: 'x', size: 128 })!;
    expect(fs.readFileSync(`${SLAB}/x/object_size`, 'utf8')).toBe('128\n');
    kmemCacheDestroy(ctx, first);
    expect(fs.existsSync(`${SLAB}/x`)).toBe(true);
    kmemCacheDestroy(ctx, second);
    expect(fs.existsSync(`${SLAB}/x`)).toBe(false);
  });

  it('the directory of a SLAB_TYPESAFE_BY_RCU cache stays for a grace period', () => {
    const { fs, slub } = smallSlub();
    const cache = slub.register.create({ name: 'rcu', size: 64, flags: SLAB_TYPESAFE_BY_RCU })!;
    kmemCacheDestroy(ctx, cache);
    expect(fs.existsSync(`${SLAB}/rcu/order`)).toBe(true);
    endGracePeriod(ctx, slub);
    expect(fs.existsSync(`${SLAB}/rcu`)).toBe(false);
  });
});

const tuned = (text: string): string => {
  const fs = new KernelFs(smallParts({ slab: 'slab' }));
  fs.writeFileSync('/proc/slabinfo', text);
  return /^kmalloc-64 .*tunables +(\d+ +\d+ +\d+)/mu.exec(fs.readFileSync('/proc/slabinfo', 'utf8'))![1]!;
};

describe('/proc/slabinfo of SLAB', () => {
  it('takes a name and three numbers', () => {
    expect(tuned('kmalloc-64 40 20 2\n')).toBe('40   20    2');
    expect(tuned('kmalloc-64   40\t20 2 and more')).toBe('40   20    2');
  });

  it('passes over numbers that are not good, as 6.1 does', () => {
    const before = tuned('kmalloc-32 1 1 0');
    for (const text of ['kmalloc-64 0 1 1', 'kmalloc-64 4 5 1', 'kmalloc-64 4 2 -1'])
      expect(tuned(text)).toBe(before);
  });

  it.each([
    'kmalloc-64',
    'kmalloc-64 40 20',
    'nobody 40 20 2',
    'kmalloc-64 120',
    `kmalloc-64 ${'1'.repeat(130)} 1 1`,
  ])('refuses %j', (text) => {
    expect(() => tuned(text)).toThrow('EINVAL: invalid argument, write');
  });
});

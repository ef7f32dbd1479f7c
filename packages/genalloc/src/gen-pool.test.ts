import { KernelBug, KernelLog } from '@mm/printk';
import { describe, expect, test } from 'vitest';

import {
  GenPool,
  type GenPoolAlgorithm,
  bestFit,
  checkGenPoolInvariants,
  firstFitAlign,
  firstFitOrderAlign,
  fixedAlloc,
} from './index.js';

function poolOf(
  order: number,
  virt: number | bigint,
  size: number,
  phys: number | bigint = 0x4000_0000,
): GenPool {
  const pool = new GenPool(order);
  pool.addVirt(virt, phys, size, 'first');
  return pool;
}

describe('requests', () => {
  test('a request is rounded up to granules, and available bytes follow', () => {
    const pool = poolOf(4, 0x1000, 256);
    expect(pool.alloc(17)).toBe(0x1000);
    expect(pool.avail()).toBe(224);
    expect(pool.alloc(1)).toBe(0x1020);
    pool.free(0x1000, 17);
    expect(pool.avail()).toBe(240);
    expect(checkGenPoolInvariants(pool)).toEqual([]);
  });

  test('zero bytes are never there', () => {
    expect(poolOf(4, 0x1000, 256).alloc(0)).toBeNull();
  });

  test('the newest chunk is tried first, and memory is never found across two chunks', () => {
    const pool = poolOf(4, 0x1000, 64);
    pool.addVirt(0x1040, 0x8000_0000, 64, 'second');
    expect(pool.allocOwner(32)).toEqual({ address: 0x1040, owner: 'second' });
    expect(pool.alloc(96)).toBeNull();
    expect(pool.allocOwner(64)).toEqual({ address: 0x1000, owner: 'first' });
    expect(pool.freeOwner(0x1000, 64)).toBe('first');
  });

  test('bytes behind the last whole granule count as available but are never handed out', () => {
    const pool = poolOf(4, 0x1000, 40);
    expect(pool.alloc(40)).toBeNull();
    expect(pool.alloc(32)).toBe(0x1000);
    expect(pool.avail()).toBe(8);
    expect(pool.alloc(8)).toBeNull();
  });
});

describe('algorithms', () => {
  test('first_fit_align counts the address of an unaligned chunk', () => {
    const pool = poolOf(4, 0x1010, 4096);
    expect(pool.alloc(16, firstFitAlign(1024))).toBe(0x1400);
    expect(pool.alloc(16, firstFitAlign(64))).toBe(0x1040);
  });

  test('first_fit_order_align aligns within the chunk to the rounded-up request', () => {
    const pool = poolOf(4, 0x1010, 4096);
    expect(pool.alloc(16, firstFitOrderAlign)).toBe(0x1010);
    expect(pool.alloc(48, firstFitOrderAlign)).toBe(0x1010 + 64);
  });

  test('best_fit takes the tightest hole, not the first', () => {
    const pool = poolOf(4, 0x1000, 512);
    expect(pool.alloc(512)).toBe(0x1000);
    pool.free(0x1000, 64);
    pool.free(0x1080, 32);
    expect(pool.alloc(32, bestFit)).toBe(0x1080);
  });

  test('a fixed request gets its place or nothing, and warns for a place between granules', () => {
    const pool = poolOf(4, 0x1000, 512);
    const log = new KernelLog();
    expect(pool.alloc(16, fixedAlloc(0x40))).toBe(0x1040);
    expect(pool.alloc(16, fixedAlloc(0x40))).toBeNull();
    expect(pool.alloc(16, fixedAlloc(0x41, log))).toBeNull();
    expect(log.dmesg()).toHaveLength(2);
  });
});

describe('what an algorithm is given', () => {
  const REFUSED = 'expected an integer in 0..2^';

  test.each([-1, 1.5, Number.NaN, 2 ** 31])('first_fit_align refuses %s bytes', (bytes) => {
    expect(() => firstFitAlign(bytes)).toThrow(`alignBytes: ${REFUSED}31 - 1, got`);
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 53])('fixed_alloc refuses an offset of %s', (bytes) => {
    expect(() => fixedAlloc(bytes)).toThrow(`offsetBytes: ${REFUSED}53 - 1, got`);
  });

  test('the least and the largest alignment: 0 finds nothing, as its mask wraps; the largest masks', () => {
    const pool = poolOf(4, 0, 4096);
    expect(poolOf(4, 0x1000, 4096).alloc(16, firstFitAlign(0))).toBeNull();
    expect(pool.alloc(16, firstFitAlign(2 ** 31 - 1))).toBe(0);
    expect(pool.alloc(16, firstFitAlign(2 ** 31 - 1))).toBeNull();
    expect(pool.alloc(16, firstFitAlign(1))).toBe(16);
  });

  test('a fixed place may be the chunk start; between granules nothing is found, with or without a log', () => {
    const pool = poolOf(4, 0x1000, 64);
    expect(pool.alloc(16, fixedAlloc(8))).toBeNull();
    expect(pool.alloc(16, fixedAlloc(0))).toBe(0x1000);
    expect(pool.alloc(16, fixedAlloc(64))).toBeNull();
  });

  test('order_align: one granule anywhere, the whole chunk once, more than the chunk never', () => {
    const pool = poolOf(4, 0x1000, 64);
    expect(pool.alloc(80, firstFitOrderAlign)).toBeNull();
    expect(pool.alloc(64, firstFitOrderAlign)).toBe(0x1000);
    pool.free(0x1000, 64);
    expect(pool.alloc(16, firstFitOrderAlign)).toBe(0x1000);
    expect(pool.alloc(16, firstFitOrderAlign)).toBe(0x1010);
    expect(pool.alloc(32, firstFitOrderAlign)).toBe(0x1020);
  });

  test('best_fit: of holes of one size the lowest; of holes all too large the smallest; none is none', () => {
    const pool = poolOf(4, 0x1000, 512);
    expect(pool.alloc(512)).toBe(0x1000);
    expect(pool.alloc(16, bestFit)).toBeNull();
    for (const [start, bytes] of [
      [0x1000, 64],
      [0x1080, 48],
      [0x1100, 48],
      [0x11e0, 32],
    ] as const)
      pool.free(start, bytes);
    expect(pool.alloc(48, bestFit)).toBe(0x1080);
    expect(pool.alloc(16, bestFit)).toBe(0x11e0);
    expect(pool.alloc(40, bestFit)).toBe(0x1100);
    expect(pool.alloc(80, bestFit)).toBeNull();
  });
});

describe('64-bit addresses', () => {
  test('a kernel virtual address is exact, as a bigint', () => {
    const pool = poolOf(10, 0xffff_8880_4000_0000n, 4096, 0x1_4000_0000);
    expect(pool.alloc(1024)).toBe(0xffff_8880_4000_0000n);
    const second = pool.alloc(1024)!;
    expect(second).toBe(0xffff_8880_4000_0400n);
    expect(pool.virtToPhys(second)).toBe(0x1_4000_0400);
    pool.free(second, 1024);
    expect(pool.avail()).toBe(3072);
  });

  test('a chunk may end with the last byte of the address space', () => {
    const pool = poolOf(4, 2n ** 64n - 64n, 64);
    expect(pool.hasAddr(2n ** 64n - 16n, 16)).toBe(true);
    expect(pool.hasAddr(2n ** 64n - 65n, 1)).toBe(false);
    expect(pool.alloc(64)).toBe(2n ** 64n - 64n);
    pool.free(2n ** 64n - 64n, 64);
    expect(pool.avail()).toBe(64);
  });

  test('a bigint and a number name the same address', () => {
    const pool = poolOf(4, 0x1000n, 64);
    const address = pool.alloc(16);
    expect(address).toBe(0x1000);
    pool.free(0x1000n, 16);
    expect(pool.avail()).toBe(64);
  });
});

describe('what the kernel would stop at', () => {
  test('memory of no chunk, free memory and memory over the end of a chunk cannot be freed', () => {
    const pool = poolOf(4, 0x1000, 64);
    expect(() => pool.free(0x5000, 16)).toThrow(KernelBug);
    expect(() => pool.free(0x1000, 16)).toThrow(KernelBug);
    expect(() => pool.free(0x1030, 32)).toThrow(KernelBug);
    expect(pool.avail()).toBe(64);
  });

  test('a pool with memory in use cannot be destroyed', () => {
    const pool = poolOf(4, 0x1000, 64);
    const address = pool.alloc(16)!;
    pool.free(address, 16);
    pool.alloc(16);
    pool.addVirt(0x2000, 0x2000, 64);
    pool.addVirt(0x3000, 0x3000, 64);
    expect(() => pool.destroy()).toThrow(KernelBug);
    // It and those that were looked at before it, the newer ones, have left the pool.
    expect(pool.size()).toBe(0);
    expect(() => pool.free(address, 16)).toThrow('no chunk holds');
    pool.destroy();
  });

  test('options out of range are named', () => {
    expect(() => new GenPool(31)).toThrow('minAllocOrder: expected an integer in 0..30, got 31');
    expect(() => poolOf(4, -1, 64)).toThrow('virt: expected');
    expect(() => poolOf(4, 0x1000, 1.5)).toThrow('sizeBytes: expected');
  });
});

describe('what nobody should do does what it does in the kernel', () => {
  test('of a free that is refused, whole words of 64 bits before the place are cleared', () => {
    const pool = poolOf(4, 0x1000, 4096);
    const address = Number(pool.alloc(128 * 16));
    pool.free(address + 100 * 16, 16);
    expect(() => pool.free(address, 128 * 16)).toThrow('not in use');
    expect(pool.alloc(64 * 16)).toBe(address);
    expect(pool.alloc(2 * 16)).toBe(address + 128 * 16);
  });

  test('a range within the older of two chunks that overlap is held', () => {
    const pool = poolOf(4, 0x1000, 4096);
    pool.addVirt(0x1000, 0x9000, 64);
    expect(pool.hasAddr(0x1000, 128)).toBe(true);
    expect(pool.hasAddr(0x1000, 4097)).toBe(false);
    expect(pool.virtToPhys(0x1000)).toBe(0x9000);
  });

  test('a chunk that is added while chunks are visited is not visited', () => {
    const pool = poolOf(4, 0x1000, 64);
    pool.addVirt(0x2000, 0x2000, 64);
    const seen: unknown[] = [];
    pool.forEachChunk(({ startAddress }) => {
      seen.push(startAddress);
      pool.addVirt(0x3000, 0x3000, 64);
    });
    expect(seen).toEqual([0x2000, 0x1000]);
  });

  test('an algorithm that chose memory in use is asked again from there; one that insists never ends', () => {
    const pool = poolOf(4, 0x1000, 64);
    pool.alloc(16);
    const asked: number[] = [];
    const next: GenPoolAlgorithm = (_words, _size, start) => {
      asked.push(start);
      return asked.length - 1;
    };
    expect(pool.alloc(16, next)).toBe(0x1010);
    expect(asked).toEqual([0, 0]);
    expect(() => pool.alloc(16, () => 1)).toThrow('soft lockup');
    expect(() => pool.alloc(32, () => 3)).toThrow('behind the chunk');
    expect(pool.avail()).toBe(32);
  });

  test('no bytes at address 0 end at the last address: a free of them is refused, a chunk of them holds all', () => {
    const pool = poolOf(4, 0, 64);
    expect(() => pool.free(0, 0)).toThrow('beyond the end');
    expect(pool.hasAddr(0, 0)).toBe(false);
    const empty = new GenPool(4);
    empty.addVirt(0, 0x5000, 0);
    expect([empty.hasAddr(7, 100), empty.hasAddr(7n, 100), empty.virtToPhys(7)]).toEqual([
      true,
      true,
      0x5007,
    ]);
    expect(empty.alloc(16)).toBeNull();
  });

  test('aligned to 0, only the first place of a chunk at address 0 is looked at, again and again', () => {
    const pool = poolOf(4, 0, 64);
    expect(pool.alloc(16, firstFitAlign(0))).toBe(0);
    expect(() => pool.alloc(16, firstFitAlign(0))).toThrow('soft lockup');
    expect(poolOf(4, 0x1000, 64).alloc(16, firstFitAlign(0))).toBeNull();
  });

  test('a place that is no multiple of the granule is warned of where the kernel does, each time', () => {
    const log = new KernelLog();
    const pool = poolOf(4, 0x1000, 64);
    for (let i = 0; i < 2; i++) expect(pool.alloc(16, fixedAlloc(8, log))).toBeNull();
    const lines = ['------------[ cut here ]------------'];
    lines.push('WARNING: CPU: 0 PID: 1 at lib/genalloc.c:706 gen_pool_fixed_alloc+0x0/0x0');
    expect(log.dmesg()).toEqual([...lines, ...lines]);
    expect(log.taintText).toContain('W');
  });
});

test('the chunks of a pool can be listed, newest first', () => {
  const pool = poolOf(4, 0x1000, 64);
  pool.addVirt(0x2000, 0x8000, 128);
  const seen: unknown[] = [];
  pool.forEachChunk((chunk) =>
    seen.push([chunk.startAddress, chunk.endAddress, chunk.phys, chunk.availBytes]),
  );
  expect(seen).toEqual([
    [0x2000, 0x207f, 0x8000, 128],
    [0x1000, 0x103f, 0x4000_0000, 64],
  ]);
});

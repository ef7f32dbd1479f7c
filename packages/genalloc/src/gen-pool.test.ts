import { KernelBug, KernelLog } from '@mm/printk';
import { describe, expect, test } from 'vitest';

import {
  GenPool,
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
    expect(log.dmesg()).toHaveLength(1);
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
    expect(pool.alloc(16, firstFitAlign(0))).toBeNull();
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
    expect(() => pool.destroy()).toThrow(KernelBug);
    pool.free(address, 16);
    pool.destroy();
    expect(pool.size()).toBe(0);
  });

  test('options out of range are named', () => {
    expect(() => new GenPool(31)).toThrow('minAllocOrder: expected an integer in 0..30, got 31');
    expect(() => poolOf(4, -1, 64)).toThrow('virt: expected');
    expect(() => poolOf(4, 0x1000, 1.5)).toThrow('sizeBytes: expected');
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

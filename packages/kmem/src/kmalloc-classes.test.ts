import { expect, test } from 'vitest';

import { KMALLOC_MAX_SIZE, kmallocClassSize, kmallocClasses, kmallocIndex } from './kmalloc-classes.js';
import { orderOfBytes } from './order-of-bytes.js';
import { slabArchOf } from './slab-arch.js';

/** Sizes that the kernel's table tells apart: both sides of each class. */
const SIZES = [1, 8, 9, 16, 17, 32, 33, 64, 65, 96, 97, 128, 129, 192, 193, 256, 257, 4096, 4097, 8192];

/** Bytes of the classes that serve SIZES: 96 and 192 are there only where the least class leaves room. */
test.each([
  [
    'i386',
    false,
    [8, 8, 16, 16, 32, 32, 64, 64, 96, 96, 128, 128, 192, 192, 256, 256, 512, 4096, 8192, 8192],
  ],
  [
    'x86_64',
    false,
    [8, 8, 16, 16, 32, 32, 64, 64, 96, 96, 128, 128, 192, 192, 256, 256, 512, 4096, 8192, 8192],
  ],
  [
    'x86_64',
    true,
    [32, 32, 32, 32, 32, 32, 64, 64, 96, 96, 128, 128, 192, 192, 256, 256, 512, 4096, 8192, 8192],
  ],
  [
    'arm',
    false,
    [64, 64, 64, 64, 64, 64, 64, 64, 128, 128, 128, 128, 192, 192, 256, 256, 512, 4096, 8192, 8192],
  ],
  [
    'arm64',
    false,
    [128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 256, 256, 256, 256, 512, 4096, 8192, 8192],
  ],
] as const)('%s, SLAB %s: the least class that holds the size', (preset, isSlab, bytes) => {
  const arch = slabArchOf(preset);
  expect(SIZES.map((size) => kmallocClassSize(kmallocIndex(arch, size, isSlab)))).toEqual(bytes);
  // What is asked for is what the boot makes.
  const made = new Set(kmallocClasses(arch, true, isSlab).map(({ size }) => size));
  expect(bytes.filter((size) => !made.has(size))).toEqual([]);
});

const normalSizes = (preset: string, isSlab: boolean): number[] =>
  kmallocClasses(slabArchOf(preset), false, isSlab).flatMap(({ type, size }) => (type === 0 ? [size] : []));

test('the boot makes 96 and 192 behind the class below them, where they have room', () => {
  const from128 = [128, 256, 512, 1024, 2048, 4096, 8192];
  expect(normalSizes('x86_64', false)).toEqual([8, 16, 32, 64, 96, 128, 192, ...from128.slice(1)]);
  expect(normalSizes('x86_64', true)).toEqual([32, 64, 96, 128, 192, ...from128.slice(1)]);
  expect(normalSizes('arm', false)).toEqual([64, 128, 192, ...from128.slice(1)]);
  expect(normalSizes('arm64', false)).toEqual(from128);
});

test('the largest size of all is a block of the top order', () => {
  expect(KMALLOC_MAX_SIZE).toBe(2 ** 22);
  const sizes = [1, 4096, 4097, 8192, 8193, 2 ** 22, 2 ** 22 + 1, 2 ** 32, 2 ** 32 + 1, 2 ** 40 + 1];
  expect(sizes.map(orderOfBytes)).toEqual([0, 0, 1, 1, 2, 10, 11, 20, 21, 29]);
});

test('memory lies where its architecture maps it; 32-bit ARM maps RAM from a multiple of 2 MiB', () => {
  expect(slabArchOf('x86_64').pageOffset).toBe(0xffff888000000000n);
  expect(slabArchOf('arm64', 0x40000000).pageOffset).toBe(0xffff000000000000n);
  expect(slabArchOf('i386', 0x100000).pageOffset).toBe(0xc0000000n);
  expect(slabArchOf('arm', 0x40000000).pageOffset).toBe(0x80000000n);
  expect(slabArchOf('arm', 0x401fffff).pageOffset).toBe(0x80000000n);
  expect(slabArchOf('arm', 0x40200000).pageOffset).toBe(0x7fe00000n);
});

test('a double-word compare-exchange is there on 64 bits; x86 kernels alone name a memory tester', () => {
  const told = ['x86_64', 'i386', 'i386-pae', 'arm', 'arm-lpae', 'arm64', 'arm64-2018'].map((preset) => {
    const { cmpxchgDouble, isX86 } = slabArchOf(preset);
    return [preset, cmpxchgDouble, isX86];
  });
  expect(told).toEqual([
    ['x86_64', true, true],
    ['i386', false, true],
    ['i386-pae', false, true],
    ['arm', false, false],
    ['arm-lpae', false, false],
    ['arm64', true, false],
    ['arm64-2018', true, false],
  ]);
});

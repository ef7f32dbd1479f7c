import { SLAB_CONSISTENCY_CHECKS, SLAB_POISON, SLAB_STORE_USER } from '@mm/kmem';
import { expect, test } from 'vitest';

import { DebugBytes, type SeenSlabs } from './debug-bytes.js';
import { bootSlub } from './slub-boot.js';

const { slub } = bootSlub({ cpus: 1, mem: '64M', cmdline: 'slub_nomerge' });
const cache = slub.register.create({ name: 'd_a', size: 64, flags: SLAB_CONSISTENCY_CHECKS })!;
const OURS = 'Object   S0+0x20: 40 00 10 00 80 88 ff ff 00 00 00 00 00 00 00 00  @...............';
const dump = (pointer: string): string =>
  `Object   S0+0x20: ${pointer} 00 00 00 00 00 00 00 00  ................`;
/** Our slab 0 lies at 1 MiB. */
const slabs: SeenSlabs = {
  seen: () => [{ slab: 0, base: 0xffff888000100000n, bytes: 4096 }],
  placeOf: (virtual) => (virtual === 0xffff888000100040n ? [0, 0x40] : null),
};

test('a free pointer in a dump must lead to the same offset of one and the same slab', () => {
  expect(cache.offset).toBe(32);
  const bytes = new DebugBytes(cache);
  const at = (pointer: string): boolean =>
    bytes.translatePointers(dump(pointer), OURS, slabs).includes('40 00 10 00 80 88 ff ff');
  expect(at('48 50 73 05 80 88 ff ff')).toBe(false);
  expect(at('40 50 73 05 80 88 ff ff')).toBe(true);
  expect(at('40 60 73 05 80 88 ff ff')).toBe(false);
  expect(at('40 50 73 05 80 88 ff ff')).toBe(true);
});

test('what is no pointer of ours is compared as it stands', () => {
  const bytes = new DebugBytes(cache);
  const nothing = dump('00 00 00 00 00 00 00 00');
  const other = dump('40 50 73 05 80 88 ff ff');
  expect(bytes.translatePointers(other, nothing, slabs)).toContain('40 50 73 05 80 88 ff ff');
});

test('a free pointer that was partly written over must lead to the same slab by the bytes that are left', () => {
  const bytes = new DebugBytes(cache);
  const cut = dump('40 00 10 00 00 00 00 00');
  const at = (pointer: string): boolean =>
    bytes.translatePointers(dump(pointer), cut, slabs).includes('40 00 10 00 00 00 00 00');
  expect(at('40 50 73 05 80 00 00 00')).toBe(false);
  expect(at('48 50 73 05 00 00 00 00')).toBe(false);
  expect(at('40 51 73 05 00 00 00 00')).toBe(false);
  expect(at('40 50 73 05 00 00 00 00')).toBe(true);
  expect(at('40 60 73 05 00 00 00 00')).toBe(false);
  expect(bytes.translatePointers(dump('40 60 73 05 80 88 ff ff'), OURS, slabs)).toContain('40 60 73');
});

test('tracks are times and code addresses, and mean nothing; the poison around them does', () => {
  const tracked = slub.register.create({
    name: 'd_t',
    size: 32,
    flags: SLAB_CONSISTENCY_CHECKS | SLAB_POISON | SLAB_STORE_USER,
  })!;
  const bytes = new DebugBytes(tracked);
  const known = Array.from({ length: tracked.size }, (_, i) => bytes.isKnown(0, i));
  expect(known.slice(0, 40)).not.toContain(false);
  expect(known.slice(40, 104)).not.toContain(true);
  expect(known.slice(104)).not.toContain(false);
});

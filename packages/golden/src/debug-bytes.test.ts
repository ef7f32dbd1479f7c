import { SLAB_CONSISTENCY_CHECKS } from '@mm/kmem';
import { expect, test } from 'vitest';

import { DebugBytes } from './debug-bytes.js';
import { bootSlub } from './slub-boot.js';

const { slub } = bootSlub({ cpus: 1, mem: '64M', cmdline: 'slub_nomerge' });
const cache = slub.register.create({ name: 'd_a', size: 64, flags: SLAB_CONSISTENCY_CHECKS })!;
const OURS = 'Object   S0+0x20: 40 00 10 00 80 88 ff ff 00 00 00 00 00 00 00 00  @...............';
const dump = (pointer: string): string =>
  `Object   S0+0x20: ${pointer} 00 00 00 00 00 00 00 00  ................`;
/** Our slab 0 lies at 1 MiB. */
const placeOf = (virtual: bigint): readonly [number, number] | null =>
  virtual === 0xffff888000100040n ? [0, 0x40] : null;

test('a free pointer in a dump must lead to the same offset of one and the same slab', () => {
  expect(cache.offset).toBe(32);
  const bytes = new DebugBytes(cache);
  const at = (pointer: string): boolean =>
    bytes.translatePointers(dump(pointer), OURS, placeOf).includes('40 00 10 00 80 88 ff ff');
  expect(at('48 50 73 05 80 88 ff ff')).toBe(false);
  expect(at('40 50 73 05 80 88 ff ff')).toBe(true);
  expect(at('40 60 73 05 80 88 ff ff')).toBe(false);
  expect(at('40 50 73 05 80 88 ff ff')).toBe(true);
});

test('what is no pointer of ours is compared as it stands', () => {
  const bytes = new DebugBytes(cache);
  const nothing = dump('00 00 00 00 00 00 00 00');
  const other = dump('40 50 73 05 80 88 ff ff');
  expect(bytes.translatePointers(other, nothing, placeOf)).toContain('40 50 73 05 80 88 ff ff');
});

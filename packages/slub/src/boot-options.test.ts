import {
  SLAB_CONSISTENCY_CHECKS,
  SLAB_NOLEAKTRACE,
  SLAB_NO_USER_FLAGS,
  SLAB_POISON,
  SLAB_RED_ZONE,
  SLAB_STORE_USER,
  SLAB_TRACE,
} from '@mm/kmem';
import { KernelLog } from '@mm/printk';
import { expect, test } from 'vitest';

import { SLUB_BOOT_DEFAULTS, parseSlubBoot } from './boot-options.js';
import { DEBUG_DEFAULT_FLAGS, debugFlagsOf, parseSlubDebug } from './debug-options.js';

const boot = (cmdline: string) => parseSlubBoot(cmdline, new KernelLog());

test.each<[cmdline: string, changes: object]>([
  ['', {}],
  ['quiet slub_min_order=2', { minOrder: 2 }],
  ['slub_min_order=0x2 slub_max_order=010', { minOrder: 2, maxOrder: 8 }],
  ['slub_max_order=12', { maxOrder: 10 }],
  ['slub_max_order=1k', { maxOrder: 1 }],
  ['slub_min_objects=09', { minObjects: 0 }],
  ['slub_min_objects=8  slub_nomerge', { minObjects: 8, nomerge: true }],
  ['slab_nomerge', { nomerge: true }],
  ['slab_nomerge slub_merge', { nomerge: false }],
  ['slub_nomerge slab_merge', { nomerge: false }],
  // What is no number is 0, and nothing leaves all as it is; a negative number is an unsigned int's.
  ['slub_max_order=x', { maxOrder: 0 }],
  ['slub_max_order= slub_min_order= slub_min_objects=', {}],
  ['slub_max_order', {}],
  ['slub_max_order=-1', { maxOrder: 10 }],
  ['slub_max_order=4294967298', { maxOrder: 2 }],
  ['slub_min_objects=-1', { minObjects: 4_294_967_295 }],
  ['slub_min_objects=0x10', { minObjects: 16 }],
  ['slub_min_order=-2', { minOrder: 4_294_967_294 }],
  ['slub_min_order=-2 slub_min_order=', { minOrder: 4_294_967_294 }],
  // The last one counts.
  ['slub_max_order=2 slub_max_order=1', { maxOrder: 1 }],
  // Names are beginnings, and may have dashes.
  ['slub_nomerge=0', { nomerge: true }],
  ['slab-nomerge', { nomerge: true }],
  ['slub-min-order=1', { minOrder: 1 }],
  ['xslub_nomerge SLUB_NOMERGE slub.nomerge', {}],
  ['slub_max_order="2"', { maxOrder: 2 }],
  ['slub_nomerge -- slub_merge', { nomerge: true }],
  ['slub_debug=-', {}],
])('command line "%s"', (cmdline, changes) => {
  expect(boot(cmdline)).toEqual({ ...SLUB_BOOT_DEFAULTS, ...changes });
});

const flagsOf = (value: string | null): number =>
  debugFlagsOf(parseSlubDebug(value, new KernelLog()), 0, 'any');

test('the flags of a cache by the letters of slub_debug', () => {
  expect(flagsOf(null)).toBe(DEBUG_DEFAULT_FLAGS);
  expect(flagsOf('')).toBe(DEBUG_DEFAULT_FLAGS);
  expect([...'fzput'].map(flagsOf)).toEqual([
    SLAB_CONSISTENCY_CHECKS,
    SLAB_RED_ZONE,
    SLAB_POISON,
    SLAB_STORE_USER,
    SLAB_TRACE,
  ]);
  expect(flagsOf('FZ-P')).toBe(SLAB_POISON);
  expect(flagsOf('-')).toBe(0);
  expect(flagsOf(';')).toBe(0);
  // The last block without names counts for all.
  expect(flagsOf('F;Z')).toBe(SLAB_RED_ZONE);
});

const higher = (value: string): boolean => parseSlubDebug(value, new KernelLog()).disableHigherOrder;

test('O keeps metadata from making slabs larger, whichever block has it', () => {
  expect([higher('O'), higher('FO,a;Z'), higher('F;zo'), higher('FZ')]).toEqual([true, true, true, false]);
});

test.each<[value: string, name: string, flags: number]>([
  ['Z,a', 'a', SLAB_RED_ZONE],
  ['Z,a', 'b', 0],
  ['Z,a', 'ab', 0],
  ['Z,ab', 'a', 0],
  ['Z,a*', 'ab', SLAB_RED_ZONE],
  ['Z,*', 'any', SLAB_RED_ZONE],
  ['Z,x,a,y', 'a', SLAB_RED_ZONE],
  ['Z,,a', 'a', SLAB_RED_ZONE],
  ['Z,', 'a', 0],
  [',a', 'a', DEBUG_DEFAULT_FLAGS],
  ['Z,a;P', 'a', SLAB_RED_ZONE],
  ['Z,a;P', 'b', SLAB_POISON],
  ['P;Z,a', 'b', SLAB_POISON],
  ['Z,a;F,a', 'a', SLAB_RED_ZONE],
  // The kernel takes surplus semicolons for a part of the last name, but not of one that a star ends.
  ['Z,a;;P', 'a', SLAB_POISON],
  ['Z,a;', 'a', 0],
  ['Z,b,a;', 'b', SLAB_RED_ZONE],
  ['Z,a*;', 'ab', SLAB_RED_ZONE],
  [';;Z,a', 'a', SLAB_RED_ZONE],
])('slub_debug=%s for %s', (value, name, flags) => {
  expect(debugFlagsOf(parseSlubDebug(value, new KernelLog()), 0, name)).toBe(flags);
});

test('a cache may refuse flags of users, or tracking where the options name nobody', () => {
  const all = parseSlubDebug(null, new KernelLog());
  expect(debugFlagsOf(all, SLAB_NO_USER_FLAGS, 'a')).toBe(SLAB_NO_USER_FLAGS);
  expect(debugFlagsOf(all, SLAB_NOLEAKTRACE, 'a')).toBe(
    (SLAB_NOLEAKTRACE | DEBUG_DEFAULT_FLAGS) & ~SLAB_STORE_USER,
  );
  const named = parseSlubDebug('U,a', new KernelLog());
  expect(debugFlagsOf(named, SLAB_NOLEAKTRACE, 'a')).toBe(SLAB_NOLEAKTRACE | SLAB_STORE_USER);
});

test.each<[cmdline: string, name: string, flags: number]>([
  ['slub_debug=P slub_debug=F,a', 'a', SLAB_CONSISTENCY_CHECKS],
  ['slub_debug=P slub_debug=F,a', 'b', SLAB_POISON],
  ['slub_debug=F,a slub_debug=P', 'a', SLAB_CONSISTENCY_CHECKS],
  ['slub_debug=F,a slub_debug=P', 'b', SLAB_POISON],
  ['slub_debug=F,a slub_debug=Z,b', 'a', 0],
  ['slub_debug=F,a slub_debug', 'a', SLAB_CONSISTENCY_CHECKS],
  ['slub_debug=F,a slub_debug', 'b', DEBUG_DEFAULT_FLAGS],
  ['slub_debug=P slub_debug=;', 'a', 0],
])('%s, one behind the other, for %s', (cmdline, name, flags) => {
  expect(debugFlagsOf(boot(cmdline).debug, 0, name)).toBe(flags);
});

test('O holds, whatever slub_debug says later on', () => {
  expect(boot('slub_debug=FO slub_debug=F').debug.disableHigherOrder).toBe(true);
  expect(boot('slub_debug=O slub_debug').debug.disableHigherOrder).toBe(true);
});

test.each<[cmdline: string, flags: number]>([
  ['slub-debug=Z', SLAB_RED_ZONE],
  ['slub_debug="Z"', SLAB_RED_ZONE],
  ['"slub_debug=Z"', SLAB_RED_ZONE],
  // Only what follows an equals sign is looked at.
  ['slub_debugZ', DEBUG_DEFAULT_FLAGS],
  ['slub_debug_on=Z', DEBUG_DEFAULT_FLAGS],
])('%s: the flags of a cache', (cmdline, flags) => {
  expect(debugFlagsOf(boot(cmdline).debug, 0, 'any')).toBe(flags);
});

import type { SlabCache } from '@mm/slab';
import type { SlubCache } from '@mm/slub';
import { KernelFs } from '@mm/sysfs';
import { z } from 'zod';

import { bootCaches, cacheStruct } from './booted-caches.js';
import { firstDifference } from './first-difference.js';
import type { Mismatch } from './mismatch.js';
import { byColumns } from './player.js';
import type { Recording } from './read-recording.js';
import { compareSlabTree, compareSlabinfo } from './slab-tree.js';

const integer = z.number().int();
const text = z.string();

/** What a case of a `sysfs-boot` recording must look like. */
export const sysfsBootCase = z.looseObject({
  allocator: z.enum(['SLUB', 'SLAB']),
  mem: text,
  cpus: integer.min(1).max(256),
  cmdline: text,
  caches: z.array(z.array(z.union([text, z.number()]))),
  attr_columns: z.array(text),
  dirs: z.record(text, z.array(text)),
  links: z.record(text, text),
  slabinfo: z.array(text),
});

/** Columns of a case's `caches`. */
const CACHE_COLUMNS = [
  'name',
  'uid',
  'size',
  'object_size',
  'inuse',
  'align',
  'flags',
  'has_ctor',
  'usersize',
  'refcount',
];

type Case = z.infer<typeof sysfsBootCase>;

/**
 * Plays one case. Input: RAM, CPUs, command line; the caches that the kernel asks for while it boots are known; event
 * counters. Expectation: every cache, newest first; every directory, link and file below /sys/kernel/slab, and the text of each
 * but for those that count usage; slabinfo, likewise.
 */
export function playSysfsBoot(recording: Recording, index: number): Mismatch | null {
  const recorded = recording.cases[index] as unknown as Case;
  const { machine, caches } = bootCaches(recorded.allocator, recorded, true);
  const structs = caches.toReversed().map((cache) => cacheStruct(cache));
  const expected = recorded.caches.map((row, i) => byColumns(CACHE_COLUMNS, row, `caches[${i}]`));
  const wrong =
    firstDifference(
      'caches',
      expected.map((row) => row['name']),
      structs.map((row) => row['name']),
    ) ?? firstDifference('caches', expected, structs);
  if (wrong !== null) return wrong;
  const { system: kmem } = caches[0] as SlubCache | SlabCache;
  const { pages, sysctls, config } = machine;
  const fs = new KernelFs({ pages, kmem, sysctls, config });
  return compareSlabTree(fs, kmem, recorded) ?? compareSlabinfo(fs, recorded.slabinfo);
}

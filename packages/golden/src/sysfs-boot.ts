import type { KmemCache } from '@mm/kmem';
import { SlabCache } from '@mm/slab';
import { z } from 'zod';

import { bootCaches, cacheStruct, slabinfoSizes } from './booted-caches.js';
import { firstDifference } from './first-difference.js';
import type { Mismatch } from './mismatch.js';
import { byColumns } from './player.js';
import type { Recording } from './read-recording.js';
import { slubAttributes } from './slub-attributes.js';

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

/** Files whose text follows from how the caches were made; the others count what a boot happened to use. */
const DETERMINED = [
  'aliases',
  'align',
  'cache_dma',
  'cpu_partial',
  'ctor',
  'destroy_by_rcu',
  'hwcache_align',
  'min_partial',
  'object_size',
  'objs_per_slab',
  'order',
  'poison',
  'reclaim_account',
  'red_zone',
  'sanity_checks',
  'shrink',
  'slab_size',
  'store_user',
  'trace',
  'usersize',
  'validate',
];

type Case = z.infer<typeof sysfsBootCase>;

/** Lines of /proc/slabinfo before the caches: its version and the names of its columns. */
const HEAD_LINES = 2;

/** Of a line of /proc/slabinfo what does not count usage: name, sizes and tunables. */
function sizesOf(line: string): Array<string | number> {
  const [name = '', , , ...rest] = line.split(/\s+/u);
  const numbers = rest.filter((word) => /^\d+$/u.test(word)).map(Number);
  return [name, ...numbers.slice(0, 6)];
}

function slabinfoRow(cache: KmemCache): Array<string | number> {
  const tunables = cache instanceof SlabCache ? [cache.limit, cache.batchcount, cache.shared] : [0, 0, 0];
  return [cache.name, ...slabinfoSizes(cache), ...tunables];
}

/**
 * Plays one case. Input: RAM, CPUs, command line; the caches that the kernel asks for while it boots are known.
 * Expectation: every cache, newest first, every directory, link, and text that does not count usage; of slabinfo names, sizes
 * and tunables.
 */
export function playSysfsBoot(recording: Recording, index: number): Mismatch | null {
  const recorded = recording.cases[index] as unknown as Case;
  const booted = bootCaches(recorded.allocator, recorded, true);
  const { names } = booted;
  const caches = booted.caches.toReversed().map((cache) => cacheStruct(cache));
  const expected = recorded.caches.map((row, i) => byColumns(CACHE_COLUMNS, row, `caches[${i}]`));
  const wrong =
    firstDifference(
      'caches',
      expected.map((row) => row['name']),
      caches.map((row) => row['name']),
    ) ??
    firstDifference('caches', expected, caches) ??
    firstDifference('links', recorded.links, Object.fromEntries(names?.links ?? [])) ??
    firstDifference('dirs', Object.keys(recorded.dirs).sort(), [...(names?.directories.keys() ?? [])].sort());
  if (wrong !== null) return wrong;
  const sizes = firstDifference(
    'slabinfo',
    recorded.slabinfo.slice(HEAD_LINES).map(sizesOf),
    booted.caches.toReversed().map(slabinfoRow),
  );
  if (sizes !== null) return sizes;
  const columns = recorded.attr_columns.filter((name) => DETERMINED.includes(name));
  for (const [name, texts] of Object.entries(recorded.dirs)) {
    const all = byColumns(recorded.attr_columns, texts, `dirs.${name}`);
    const known = Object.fromEntries(
      columns.map((column) => [column, column === 'ctor' && all[column] !== '' ? 'ctor' : all[column]]),
    );
    const found = firstDifference(
      `dirs.${name}`,
      known,
      slubAttributes(names!.directories.get(name)!, columns),
    );
    if (found !== null) return found;
  }
  return null;
}

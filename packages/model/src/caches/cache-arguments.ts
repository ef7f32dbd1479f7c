import { SLUB_STAT_NAMES } from '@mm/slub';

import type { Op } from '../subsystem.js';
import type { CacheWorld, OpenUser } from './cache-world.js';
import type { StatName } from './counter-model.js';

/** The user that an operation's numbers stand for. */
export const userOf = (world: CacheWorld, op: Op): OpenUser => world.users[op.a % world.users.length]!;

/** GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, each without warnings; GFP_KERNEL that fills with zeroes. */
const ORDINARY = [0x2cc0, 0x2a20, 0x2800, 0x2dc0] as const;
/**
 * The same with DMA32, HIGHMEM (no slab may be asked for either), DMA, with constraints and hints of mobility, and of a task that may
 * use the reserves of memory.
 */
const SPECIAL = [0x2cc4, 0x2a22, 0x2cc1, 0x302cd8, 0x22800] as const;
const GFPS = [...ORDINARY, ...ORDINARY, ...ORDINARY, ...ORDINARY, ...SPECIAL] as const;

/** The flags of an allocation. */
export const gfpOf = (op: Op): number => GFPS[(op.b >>> 8) % GFPS.length]!;

const BYTES = [1, 8, 33, 96, 100, 192, 1000, 4096, 8192, 8193, 20_000, 100_000] as const;

/** Size and flags of a kmalloc; some ask for memory that can be reclaimed. */
export const kmallocArguments = (op: Op): { size: number; gfp: number } => ({
  size: Math.max(1, BYTES[op.a % BYTES.length]! - (op.b % 4)),
  gfp: gfpOf(op) | ((op.b & 0x30000) === 0 ? 0x10 : 0),
});

/** Order and flags of blocks that are taken to make memory short: of every zone, or below 4 GiB alone. */
export const pageArguments = (op: Op): { gfp: number; order: number } => ({
  gfp: [0x2800, 0x2804, 0x2a20][op.b % 3]!,
  order: op.a % 11,
});

/** A write to a tunable of a cache. */
export const attributeWrite = (op: Op): { name: string; text: string } =>
  op.a % 2 === 0
    ? { name: 'min_partial', text: `${op.b % 12}` }
    : { name: 'cpu_partial', text: `${[0, 1, 6, 30, 120][op.b % 5]}\n` };

/** The counter that an operation's numbers stand for. */
export const counterOf = (op: Op): StatName => SLUB_STAT_NAMES[op.b % SLUB_STAT_NAMES.length]!;

/** Writes to files of a cache's directory that are refused, with the errno. */
const BAD_WRITES = [
  ['min_partial', 'x', -22],
  ['min_partial', '-1', -22],
  ['cpu_partial', '99999999999', -34],
  ['shrink', '0', -22],
  ['validate', 'y', -22],
  ['order', '3', -5],
  ['objects', '1', -5],
  ['alloc_fastpath', '1', -22],
] as const;

/** A write that must be refused. */
export const badWrite = (op: Op): (typeof BAD_WRITES)[number] => BAD_WRITES[op.b % BAD_WRITES.length]!;

/** A request that no kernel answers with a cache: flags that nobody knows, objects that fit no slab. */
export const badRequest = (op: Op): { size: number; flags: number } =>
  op.b % 2 === 0 ? { size: 64, flags: 0x1 << (op.a % 8) } : { size: 2 ** 24 + (op.a % 4096), flags: 0 };

/** Tunables of a SLAB cache. */
export function arrayTuning(op: Op): { limit: number; batchcount: number; shared: number } {
  const limit = 1 + (op.b % 130);
  return { limit, batchcount: 1 + ((op.b >>> 8) % limit), shared: (op.b >>> 16) % 9 };
}

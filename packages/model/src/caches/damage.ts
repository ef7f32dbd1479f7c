import { OBJECT_POISON, SLAB_CONSISTENCY_CHECKS, SLAB_POISON } from '@mm/kmem';
import type { AnyCache } from '@mm/machine';
import { writeBytes } from '@mm/memory';
import { SlabCache } from '@mm/slab';
import type { SlubCache } from '@mm/slub';

import { ModelViolation } from '../model-violation.js';
import type { Op } from '../subsystem.js';
import type { CacheWorld } from './cache-world.js';
import type { FreeObject } from './free-objects.js';

/** What a write into a free object must be reported as, at the latest when the object would be handed out. */
export const REPORTED = 'a write into a free object is reported before the object is used';

/**
 * What a write into a free object means:
 *
 *   harmless   no byte that an allocator looks at: everything holds as before
 *   checked    debugging must find it: see {@link REPORTED}. SLUB then writes the slab off, with all that is in it, so that of this
 *              cache counts, lists, texts and destruction are open; objects that are live still are, with their bytes, none overlaps
 *              another, all lie where the cache's flags say. SLAB reports it and goes on: all holds
 *   undefined  the allocator follows what it reads, as in Linux, wherever it leads: nothing holds on the machine but that every
 *              operation ends, with an answer or with a crash of the kernel
 */
export type Damage = 'harmless' | 'checked' | 'undefined';

/** A write into a free object, and what it means. */
export interface FreeWrite {
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly damage: Damage;
}

/** What was written into free objects of a world, and what came of it. */
export class Damages {
  /** Nothing holds any more: see {@link Damage}. */
  undefined = false;
  /** Caches of SLUB that have written a slab off, or are going to. */
  readonly hurt = new Set<AnyCache>();
  /** By cache: the object written to, until that is reported. */
  readonly pending = new Map<AnyCache, number>();
  /** Objects handed out on a machine where nothing holds; the cache is null for kmalloc. */
  readonly loose: Array<{ readonly address: number; readonly cache: AnyCache | null }> = [];
  /** Blocks of pages taken there, with their order. */
  readonly loosePages: Array<readonly [pfn: number, order: number]> = [];
}

/** A cache with a report of it in these lines has been found out. */
export function reportsIn(lines: readonly string[], { pending }: Damages): AnyCache[] {
  return [...pending.keys()].filter((cache) =>
    lines.some((text) =>
      cache instanceof SlabCache
        ? text.startsWith('Slab corruption (') && text.includes(` ${cache.name} start=`)
        : text.startsWith(`BUG ${cache.name} (`) &&
          /(?:Poison overwritten|Free(?:pointer|chain) corrupt)$/u.test(text),
    ),
  );
}

/** An object is handed out. @throws ModelViolation when somebody wrote to it while it was free, and nobody has said so. */
export function checkReported({ damages, requests }: CacheWorld, cache: AnyCache, address: number): void {
  if (damages.pending.get(cache) !== address) return;
  requests.noteReports();
  if (damages.pending.get(cache) === address)
    throw new ModelViolation(REPORTED, `0x${address.toString(16)} of ${cache.name}`);
}

/** Bytes of a pointer to `address`, mixed with nothing. */
function pointerTo({ arch }: SlubCache['system'], address: number): Uint8Array {
  const value = arch.pageOffset + BigInt(address);
  return Uint8Array.from({ length: arch.pointerBytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

/** Places that a corrupted free pointer leads to. The first two are no objects, which checks of consistency notice. */
const PLACES = [
  'between objects',
  'poison',
  'nowhere',
  'itself',
  'another object',
  'the end of the slab',
  'another slab',
] as const;

/**
 * The write that an operation's numbers stand for: one byte, or where a free pointer lies, a pointer.
 * @param others free objects of the same cache, to lead to.
 */
export function freeWriteOf(
  { machine }: CacheWorld,
  cache: AnyCache,
  free: FreeObject,
  others: readonly FreeObject[],
  op: Op,
): FreeWrite {
  const { address } = free;
  const byteAt = (at: number, damage: Damage): FreeWrite => ({
    at,
    bytes: Uint8Array.of(machine.memory.read8(at) ^ (1 + (op.b % 255))),
    damage,
  });
  // A constructor's word is kept by nobody but the users.
  const own = cache.ctor === null ? 0 : 4;
  const inside = address + own + ((op.b >>> 8) % (cache.objectSize - own));
  if (cache instanceof SlabCache) {
    if (free.holdsList)
      return byteAt(address + ((op.b >>> 8) % Math.min(cache.objectSize, free.objects)), 'undefined');
    return byteAt(inside, cache.debugging && (cache.flags & SLAB_POISON) !== 0 ? 'checked' : 'harmless');
  }
  const checks = (cache.flags & SLAB_CONSISTENCY_CHECKS) !== 0;
  const { pointerBytes } = cache.system.arch;
  const pointer = address + cache.offset;
  if (op.b % 3 !== 0 && !(inside >= pointer && inside < pointer + pointerBytes))
    return byteAt(inside, checks && (cache.flags & OBJECT_POISON) !== 0 ? 'checked' : 'harmless');
  const place = PLACES[(op.b >>> 8) % PLACES.length]!;
  const other = others[(op.b >>> 12) % others.length]!;
  const addresses: Record<Exclude<typeof place, 'poison' | 'nowhere'>, number> = {
    'between objects': address + 4,
    itself: address,
    'another object': other.address,
    'the end of the slab': free.slabPfn * 4096 + (4096 << cache.order) - 4,
    'another slab': other.address + 2 ** 20,
  };
  const bytes =
    place === 'poison' || place === 'nowhere'
      ? new Uint8Array(pointerBytes).fill(place === 'poison' ? 0x6b : 0)
      : pointerTo(cache.system, addresses[place]);
  // Hardened pointers are mixed: what is written is noise, which leads anywhere.
  const noObject = !cache.system.hardened && (place === 'poison' || place === 'between objects');
  return { at: pointer, bytes, damage: checks && noObject ? 'checked' : 'undefined' };
}

/** Somebody writes into the free object. */
export function damageFree(
  { machine, damages, counters, requests }: CacheWorld,
  cache: AnyCache,
  address: number,
  write: FreeWrite,
): void {
  writeBytes(machine.memory, write.at, write.bytes);
  if (write.damage === 'undefined') damages.undefined = true;
  if (write.damage !== 'checked') return;
  requests.noteReports();
  damages.pending.set(cache, address);
  if (cache instanceof SlabCache) return;
  damages.hurt.add(cache);
  counters.leave(cache);
}

import { type SlabCache, freelistAddress, headSlotOf, slabAlloc, smemOf } from '@mm/slab';
import { GFP_KERNEL } from '@mm/zones';
import { z } from 'zod';

import { firstDifference } from './first-difference.js';
import type { Mismatch } from './mismatch.js';
import { byColumns } from './player.js';
import type { Recording } from './read-recording.js';
import { type SlabMachine, bootSlab, slabStruct } from './slab-boot.js';
import { constructorOf } from './slub-boot.js';

const cell = z.union([z.string(), z.number()]);
const columns = z.array(z.string());

/** What a case of a `slab-geometry` recording must look like. */
export const slabGeometryCase = z.looseObject({
  cpus: z.number().int().min(1).max(256),
  cmdline: z.string(),
  debug_slab: z.union([z.literal(0), z.literal(1)]),
  in: z.array(cell),
  ok: z.number(),
  struct: z.array(cell.nullable()).optional(),
  slabinfo: z.array(z.number()).optional(),
  first: z.array(cell).nullish(),
});

/** The tables of a `slab-geometry` recording. */
export const slabGeometryTables = z.looseObject({
  in_columns: columns,
  struct_columns: columns,
  first_columns: columns,
  source: z.looseObject({ mem: z.string() }),
});

type Tables = z.infer<typeof slabGeometryTables>;
type Case = z.infer<typeof slabGeometryCase>;

/**
 * Plays one case. Input: CPUs, command line, whether DEBUG_SLAB was built in, and the arguments of the creation.
 * Expectation: whether a cache was made, its structure, its slabinfo line, where its first object and the index list lie.
 */
export function playSlabGeometry(recording: Recording, index: number): Mismatch | null {
  const tables = recording as unknown as Tables;
  const recorded = recording.cases[index] as unknown as Case;
  const given = byColumns(tables.in_columns, recorded.in, 'in');
  const { cpus, cmdline } = recorded;
  const booted = bootSlab({ cpus, cmdline, mem: tables.source.mem }, recorded.debug_slab === 1);
  const cache = booted.slab.register.create({
    name: String(given['name']),
    size: Number(given['size']),
    align: Number(given['align']),
    flags: Number(given['flags']),
    useroffset: Number(given['useroffset']),
    usersize: Number(given['usersize']),
    ctor: constructorOf(booted.machine, Number(given['ctor'])),
  });
  if ((cache !== null) !== (recorded.ok === 1))
    return { path: 'ok', expected: recorded.ok, actual: cache === null ? 0 : 1 };
  if (cache === null) return null;
  const { size, num, order, limit, batchcount, shared } = cache;
  const actual = {
    struct: slabStruct(cache),
    slabinfo: [size, num, 2 ** order, limit, batchcount, shared],
    first: firstObject(booted, cache),
  };
  const expected = {
    struct: byColumns(tables.struct_columns, recorded.struct ?? [], 'struct'),
    slabinfo: recorded.slabinfo,
    first: recorded.first ? byColumns(tables.first_columns, recorded.first, 'first') : null,
  };
  return firstDifference('', expected, actual);
}

function firstObject({ machine, slab }: SlabMachine, cache: SlabCache): object | null {
  const object = slabAlloc(machine.on(0).ctx, cache, GFP_KERNEL);
  if (object === null) return null;
  const { frames, zones } = machine;
  const slot = headSlotOf(slab.frames, Math.floor(object / 4096));
  const base = frames.pfnOf(slot) * 4096;
  const list = frames.owner1[slot] === 0 && cache.objFreelist ? -2 : freelistAddress(cache, slot) - base;
  return {
    offset: object - base,
    smem_offset: smemOf(frames.owner2[slot]!),
    freelist_off_slab: cache.offSlab ? 1 : 0,
    freelist_offset: cache.offSlab ? -1 : list,
    zone: zones.names[frames.zone[slot]!],
  };
}

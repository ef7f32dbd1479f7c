import { slubAlloc, type SlubCache, headSlotOf, objectsOf } from '@mm/slub';
import { GFP_KERNEL, ZONE_NAMES } from '@mm/zones';
import { z } from 'zod';

import { firstDifference } from './first-difference.js';
import type { Mismatch } from './mismatch.js';
import { byColumns } from './player.js';
import type { Recording } from './read-recording.js';
import { slubAttributes } from './slub-attributes.js';
import { type SlubMachine, bootSlub, constructorOf } from './slub-boot.js';
import { slubStruct } from './slub-struct.js';

const cell = z.union([z.string(), z.number()]);

/** What a case of a `slub-geometry` recording must look like. */
export const slubGeometryCase = z.looseObject({
  cpus: z.number().int().min(1).max(256),
  cmdline: z.string(),
  in: z.array(cell),
  ok: z.number(),
  struct: z.array(cell).optional(),
  attrs: z.array(z.string()).optional(),
  slabinfo: z.array(z.number()).optional(),
  first: z.array(cell).nullish(),
});

const columns = z.array(z.string());

/** The tables of a `slub-geometry` recording. */
export const slubGeometryTables = z.looseObject({
  in_columns: columns,
  struct_columns: columns,
  first_columns: columns,
  attr_columns: columns,
  source: z.looseObject({ mem: z.string() }),
});

type Tables = z.infer<typeof slubGeometryTables>;
type Case = z.infer<typeof slubGeometryCase>;

/**
 * Plays one case. Input: CPUs, command line and the arguments of the creation. Expectation: whether a cache was made, its
 * structure, its sysfs texts, its slabinfo line, and where its first object lies.
 */
export function playSlubGeometry(recording: Recording, index: number): Mismatch | null {
  const tables = recording as unknown as Tables;
  const recorded = recording.cases[index] as unknown as Case;
  const given = byColumns(tables.in_columns, recorded.in, 'in');
  const booted = bootSlub({ cpus: recorded.cpus, cmdline: recorded.cmdline, mem: tables.source.mem });
  const { machine, slub } = booted;
  const cache = slub.register.create({
    name: String(given['name']),
    size: Number(given['size']),
    align: Number(given['align']),
    flags: Number(given['flags']),
    useroffset: Number(given['useroffset']),
    usersize: Number(given['usersize']),
    ctor: constructorOf(machine, Number(given['ctor'])),
  });
  if ((cache !== null) !== (recorded.ok === 1))
    return { path: 'ok', expected: recorded.ok, actual: cache === null ? 0 : 1 };
  if (cache === null) return null;
  const actual = {
    struct: slubStruct(cache),
    attrs: slubAttributes(cache, tables.attr_columns),
    slabinfo: [cache.size, cache.objects, 2 ** cache.order],
    first: firstObject(booted, cache),
  };
  const expected = {
    struct: byColumns(tables.struct_columns, recorded.struct ?? [], 'struct'),
    attrs: byColumns(tables.attr_columns, recorded.attrs ?? [], 'attrs'),
    slabinfo: recorded.slabinfo,
    first: recorded.first ? byColumns(tables.first_columns, recorded.first, 'first') : null,
  };
  return firstDifference('', expected, actual);
}

function firstObject({ machine, slub }: SlubMachine, cache: SlubCache): object | null {
  const object = slubAlloc(machine.on(0).ctx, cache, GFP_KERNEL);
  if (object === null) return null;
  const { frames, zones } = machine;
  const slot = headSlotOf(slub.frames, Math.floor(object / 4096));
  return {
    offset: object - frames.pfnOf(slot) * 4096,
    zone: zones.names[frames.zone[slot]!] ?? ZONE_NAMES[0],
    objects: objectsOf(frames.owner2[slot]!),
  };
}

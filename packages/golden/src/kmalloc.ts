import { KMALLOC_CLASSES, ZERO_SIZE_PTR, kmallocClasses, kmallocMinSize } from '@mm/kmem';
import { orderOfFlags, PageFlag } from '@mm/memory';
import { headSlotOf } from '@mm/slub';
import { z } from 'zod';

import { type BootedCaches, bootCaches, cacheStruct } from './booted-caches.js';
import { firstDifference } from './first-difference.js';
import { maskedLog } from './masked-log.js';
import type { Mismatch } from './mismatch.js';
import type { Recording } from './read-recording.js';

const integer = z.number().int();
const text = z.string();
const bootFields = {
  allocator: z.enum(['SLUB', 'SLAB']),
  mem: text,
  cpus: integer.min(1).max(256),
  cmdline: text,
  dmesg: z.array(text).optional(),
};
const answer = z.array(z.union([text, integer])).nullable();
const run = z.tuple([integer.min(0), integer.min(0), z.union([answer, z.tuple([z.null()])])]);

/** What a case of a `kmalloc` recording must look like. */
export const kmallocCase = z.union([
  z.looseObject({
    type: z.literal('list'),
    ...bootFields,
    nr_types: integer,
    shift_low: integer,
    shift_high: integer,
    shift_max: integer,
    min_size: integer,
    list: z.array(z.looseObject({ type: integer, index: integer, struct: z.looseObject({}) })),
  }),
  z.looseObject({
    type: z.enum(['map', 'map-large']),
    ...bootFields,
    gfp: integer.min(0),
    runs: z.array(run),
  }),
]);

type Case = z.infer<typeof kmallocCase>;
type Runs = Extract<Case, { runs: unknown }>['runs'];

/** Lines of the recording that a driver wrote meanwhile. */
const isOurs = (line: string): boolean => !line.startsWith('input: ');

/**
 * Plays one case. Input: RAM, CPUs, command line, flags, and the sizes at both ends of each run. Expectation: the caches
 * and constants; which cache or how many pages serve every size of a run, and the distinct lines of the log. The kernel
 * gives some warnings once a boot, so the maps of the same boot that come before are played too.
 */
export function playKmalloc(recording: Recording, index: number): Mismatch | null {
  const recorded = recording.cases[index] as unknown as Case;
  const machine = bootCaches(recorded.allocator, recorded, false);
  if (recorded.type === 'list') return playList(machine, recorded);
  for (const before of recording.cases.slice(0, index) as unknown as Case[])
    if (isSameBoot(before, recorded) && before.type === 'map-large')
      playMap(machine, before.gfp, before.runs);
  machine.machine.log.take();
  const found = playMap(machine, recorded.gfp, recorded.runs);
  if (found !== null) return found;
  const dmesg = [...new Set(maskedLog(machine.machine.log.take()))];
  return firstDifference('dmesg', (recorded.dmesg ?? []).filter(isOurs), dmesg);
}

const isSameBoot = (a: Case, b: Case): boolean =>
  a.allocator === b.allocator && a.mem === b.mem && a.cpus === b.cpus && a.cmdline === b.cmdline;

function playList(booted: BootedCaches, recorded: Extract<Case, { list: unknown }>): Mismatch | null {
  const { arch, isSlab } = booted;
  const classes = kmallocClasses(arch, true, isSlab);
  const list = classes
    .map(({ type, index }) => ({ type, index, struct: cacheStruct(booted.kmallocCache({ type, index })) }))
    .sort((a, b) => a.type - b.type || a.index - b.index);
  const actual = {
    nr_types: new Set(classes.map(({ type }) => type)).size,
    shift_low: Math.log2(kmallocMinSize(arch, isSlab)),
    shift_high: KMALLOC_CLASSES - 1,
    shift_max: 22,
    min_size: kmallocMinSize(arch, isSlab),
    list,
  };
  const { nr_types, shift_low, shift_high, shift_max, min_size, list: wanted } = recorded;
  const expected = {
    nr_types,
    shift_low,
    shift_high,
    shift_max,
    min_size,
    list: [...wanted].sort((a, b) => a.type - b.type || a.index - b.index),
  };
  return firstDifference('', expected, actual);
}

function playMap(machine: BootedCaches, gfp: number, runs: Runs): Mismatch | null {
  for (const [first, last, expected] of runs)
    for (let size = first; size <= last; size++) {
      const actual = served(machine, size, gfp);
      const found = firstDifference(`kmalloc(${size})`, expected?.[0] === null ? null : expected, actual);
      if (found !== null) return found;
    }
  return null;
}

/** What serves `size` bytes, in the words of the recording; it is freed again. */
function served(booted: BootedCaches, size: number, gfp: number): unknown {
  const { machine } = booted;
  const address = booted.kmalloc(size, gfp);
  if (address === null) return null;
  if (address === ZERO_SIZE_PTR) return ['ZERO_SIZE_PTR'];
  const { frames } = machine;
  const slot = headSlotOf(frames, Math.floor(address / 4096));
  const flags = frames.flags[slot]!;
  const zone = machine.zones.names[frames.zone[slot]!];
  const usable = booted.ksize(address);
  const cache = booted.cacheOf(frames.owner0[slot]!);
  booted.kfree(address);
  if ((flags & PageFlag.slab) === 0 || cache === null) return ['large', orderOfFlags(flags), usable, zone];
  return [cache.name, cache.objectSize, usable, zone];
}

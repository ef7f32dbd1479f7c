import type { Machine } from '@mm/machine';
import {
  type SlubCache,
  SlubSystem,
  cpuCounts,
  endGracePeriod,
  flushCpu,
  headSlotOf,
  inuseOf,
  kmemCacheDestroy,
  partialSlabs,
  readCounts,
  readStats,
  slubAlloc,
  slubAllocBulk,
  slubFree,
  slubFreeBulk,
  slubShrink,
} from '@mm/slub';
import { storeAttribute } from '@mm/sysfs';
import { GFP_KERNEL } from '@mm/zones';
import { z } from 'zod';

import { firstDifference } from './first-difference.js';
import type { Mismatch } from './mismatch.js';
import type { Recording } from './read-recording.js';
import { bootSlub, constructorOf } from './slub-boot.js';
import { slubStruct } from './slub-struct.js';

const integer = z.number().int();
const object = z.tuple([integer, integer]).nullable();
const released = z.strictObject({ rel: z.array(integer) });
const cpu = integer.min(0);

const op = z.union([
  z.tuple([z.literal('a'), cpu, object], released),
  z.tuple([z.literal('f'), cpu, integer.min(0)], released),
  z.tuple([z.literal('A'), cpu, integer.min(0), integer, z.array(object)], released),
  z.tuple([z.literal('F'), cpu, z.array(integer.min(0))], released),
  z.tuple([z.literal('s'), cpu, integer], released),
  z.tuple([z.literal('W'), z.string(), z.union([z.string(), z.number()]), integer], released),
  z.tuple([z.literal('c'), z.looseObject({})]),
]);

/** What a case of a `slub-trace` recording must look like. */
export const slubTraceCase = z.looseObject({
  cpus: integer.min(1).max(256),
  cmdline: z.string(),
  create: z.strictObject({ size: integer, align: integer, flags: integer, ctor: integer.min(0).max(2) }),
  cache: z.record(z.string(), z.union([z.string(), z.number()])),
  ops: z.array(op),
});

/** The tables of a `slub-trace` recording. */
export const slubTraceTables = z.looseObject({
  stat_names: z.array(z.string()),
  source: z.looseObject({ mem: z.string() }),
});

type Case = z.infer<typeof slubTraceCase>;
type Op = z.infer<typeof op>;

/** A trace under way: objects by handle, slabs by number. */
class Playing {
  readonly machine: Machine;
  readonly slub: SlubSystem;
  readonly cache: SlubCache;
  /** Address by handle; null: the request failed or the object is free. */
  readonly held: Array<number | null> = [];
  /** First page frame of a slab → its number, while it is the cache's. */
  readonly #slabs = new Map<number, number>();
  #numbered = 0;

  constructor(recorded: Case, mem: string) {
    const { machine, slub } = bootSlub({ cpus: recorded.cpus, cmdline: recorded.cmdline, mem });
    this.machine = machine;
    this.slub = slub;
    const { ctor, ...sizes } = recorded.create;
    const cache = slub.register.create({ name: 'trace', ...sizes, ctor: constructorOf(machine, ctor) });
    if (cache === null) throw new Error('the cache could not be made');
    this.cache = cache;
  }

  /** The number of the slab at a page frame; numbers are given as objects of it are returned. */
  slabNumber(pfn: number): number | null {
    return this.#slabs.get(pfn) ?? null;
  }

  hold(address: number | null): readonly [number, number] | null {
    this.held.push(address);
    if (address === null) return null;
    const { frames } = this.slub;
    const pfn = frames.pfnOf(headSlotOf(frames, Math.floor(address / 4096)));
    let slab = this.#slabs.get(pfn);
    if (slab === undefined) {
      slab = this.#numbered++;
      this.#slabs.set(pfn, slab);
    }
    return [slab, (address - pfn * 4096 - this.cache.firstOffset) / this.cache.size];
  }

  /** The numbers of slabs that are no longer the cache's, ascending; forgets them. */
  released(): number[] {
    const { frames, rcuSlabs } = this.slub;
    if (rcuSlabs.length > 0) endGracePeriod(this.machine.on(0).ctx, this.slub);
    const gone: number[] = [];
    for (const [pfn, slab] of this.#slabs)
      if (frames.owner0[frames.peekSlotOf(pfn)] !== this.cache.id) {
        this.#slabs.delete(pfn);
        gone.push(slab);
      }
    return gone.sort((a, b) => a - b);
  }

  take(handle: number): number | null {
    const address = this.held[handle] ?? null;
    this.held[handle] = null;
    return address;
  }

  flushEach(): void {
    for (let i = 0; i < this.machine.cpus; i++) flushCpu(this.machine.on(i).ctx, this.cache, i);
  }
}

/**
 * Plays one case. Input: CPUs, command line, the cache's arguments, and the operations with their arguments. Expectation:
 * the cache's structure, every object, return value and counter, and the slabs given back by each operation.
 */
export function playSlubTrace(recording: Recording, index: number): Mismatch | null {
  const recorded = recording.cases[index] as unknown as Case;
  const { mem } = (recording as unknown as z.infer<typeof slubTraceTables>).source;
  const playing = new Playing(recorded, mem);
  const wrong = firstDifference('cache', recorded.cache, slubStruct(playing.cache));
  if (wrong !== null) return wrong;
  for (const [i, step] of recorded.ops.entries()) {
    const { expected, actual } = playStep(playing, step);
    const found = firstDifference(`ops[${i}] ${step[0]}`, expected, actual);
    if (found !== null) return found;
  }
  return destroyed(playing);
}

/** Handles that are still live at the end are freed, and the cache must then be given up whole. */
function destroyed(playing: Playing): Mismatch | null {
  const { ctx } = playing.machine.on(0);
  for (const address of playing.held) if (address !== null) slubFree(ctx, playing.cache, address);
  const clean = kmemCacheDestroy(ctx, playing.cache);
  return clean ? null : { path: 'destroy', expected: 'no slab left', actual: 'slabs left' };
}

function playStep(playing: Playing, step: Op): { expected: unknown; actual: unknown } {
  const last = step.at(-1);
  const rel = typeof last === 'object' && last !== null && 'rel' in last ? last.rel : [];
  if (step[0] === 'c') return { expected: step[1], actual: counters(playing) };
  const { given, answer } = doStep(playing, step);
  return { expected: [given, rel], actual: [answer, playing.released()] };
}

function doStep(playing: Playing, step: Exclude<Op, ['c', object]>): { given: unknown; answer: unknown } {
  const { cache, machine } = playing;
  switch (step[0]) {
    case 'a':
      return { given: step[2], answer: playing.hold(slubAlloc(machine.on(step[1]).ctx, cache, GFP_KERNEL)) };
    case 'f': {
      const address = playing.take(step[2]);
      if (address !== null) slubFree(machine.on(step[1]).ctx, cache, address);
      return { given: null, answer: null };
    }
    case 'A': {
      const objects: number[] = [];
      const got = slubAllocBulk(machine.on(step[1]).ctx, cache, GFP_KERNEL, step[2], objects);
      const answer = objects.map((address) => playing.hold(address));
      for (let i = got; i < step[2]; i++) playing.hold(null);
      return { given: [step[3], step[4]], answer: [got, answer] };
    }
    case 'F': {
      const objects = step[2].map((handle) => playing.take(handle)).filter((address) => address !== null);
      slubFreeBulk(machine.on(step[1]).ctx, cache, objects);
      return { given: null, answer: null };
    }
    case 's':
      playing.flushEach();
      return { given: step[2], answer: slubShrink(machine.on(step[1]).ctx, cache) };
    case 'W': {
      if (step[1] === 'cpu_partial') playing.flushEach();
      return { given: step[3], answer: storeAttribute(machine.on(0).ctx, cache, step[1], `${step[2]}`) };
    }
    default:
      throw new Error(`unknown operation ${JSON.stringify(step)}`);
  }
}

function counters(playing: Playing): object {
  const { cache, slub, machine } = playing;
  const { frames } = slub;
  const cpus = Array.from({ length: machine.cpus }, (_, i) => i);
  return {
    ...readCounts(cache),
    stats: cpus.map((i) => readStats(cache, i)),
    cpu: cpus.map((i) => {
      const { slab, free, inuse, next, partial } = cpuCounts(cache, i);
      return {
        slab: slab === null ? null : playing.slabNumber(slab),
        free,
        inuse,
        next: next === null || slab === null ? null : (next - slab * 4096 - cache.firstOffset) / cache.size,
        partial: partial.map(([pfn, used, slabs]) => [playing.slabNumber(pfn), used, slabs]),
      };
    }),
    node_partial: partialSlabs(cache).map((slot) => [
      playing.slabNumber(frames.pfnOf(slot)),
      inuseOf(frames.owner2[slot]!),
    ]),
  };
}

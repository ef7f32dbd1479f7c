import type { Machine } from '@mm/machine';
import {
  ArrayWord,
  NodeWord,
  type SlabCache,
  type SlabSystem,
  activeOf,
  drainCpu,
  headSlotOf,
  readSlabCounts,
  slabAlloc,
  slabAllocBulk,
  slabDestroy,
  slabEndGracePeriod,
  slabFree,
  slabFreeBulk,
  slabShrink,
  slabsOn,
  smemOf,
} from '@mm/slab';
import { GFP_KERNEL } from '@mm/zones';
import { z } from 'zod';

import { firstDifference } from './first-difference.js';
import type { Mismatch } from './mismatch.js';
import type { Recording } from './read-recording.js';
import { bootSlab, slabStruct } from './slab-boot.js';
import { constructorOf } from './slub-boot.js';

const integer = z.number().int();
const object = z.tuple([integer, integer]).nullable();
const seen = z.strictObject({
  rel: z.array(integer).optional(),
  new: z.array(z.tuple([integer, integer])).optional(),
});
const cpu = integer.min(0);

const op = z.union([
  z.tuple([z.literal('a'), cpu, object], seen),
  z.tuple([z.literal('f'), cpu, integer.min(0)], seen),
  z.tuple([z.literal('A'), cpu, integer.min(0), integer, z.array(object)], seen),
  z.tuple([z.literal('F'), cpu, z.array(integer.min(0))], seen),
  z.tuple([z.literal('s'), cpu, integer], seen),
  z.tuple([z.literal('c'), z.looseObject({})]),
]);

/** What a case of a `slab-trace` recording must look like. */
export const slabTraceCase = z.looseObject({
  cpus: integer.min(1).max(256),
  cmdline: z.string(),
  create: z.strictObject({ size: integer, align: integer, flags: integer, ctor: integer.min(0).max(2) }),
  cache: z.record(z.string(), z.union([z.string(), z.number()])),
  ops: z.array(op),
});

/** The tables of a `slab-trace` recording. */
export const slabTraceTables = z.looseObject({ source: z.looseObject({ mem: z.string() }) });

type Case = z.infer<typeof slabTraceCase>;
type Op = z.infer<typeof op>;

/** A trace under way: objects by handle, slabs by number. */
class Playing {
  readonly machine: Machine;
  readonly slab: SlabSystem;
  readonly cache: SlabCache;
  readonly held: Array<number | null> = [];
  readonly #slabs = new Map<number, number>();
  #numbered = 0;
  #new: Array<readonly [number, number]> = [];

  constructor(recorded: Case, mem: string) {
    const { machine, slab } = bootSlab({ cpus: recorded.cpus, cmdline: recorded.cmdline, mem });
    this.machine = machine;
    this.slab = slab;
    const { ctor, ...sizes } = recorded.create;
    const cache = slab.register.create({ name: 'trace', ...sizes, ctor: constructorOf(machine, ctor) });
    if (cache === null) throw new Error('the cache could not be made');
    this.cache = cache;
  }

  slabNumber(pfn: number): number | null {
    return this.#slabs.get(pfn) ?? null;
  }

  hold(address: number | null): readonly [number, number] | null {
    this.held.push(address);
    if (address === null) return null;
    const { frames } = this.slab;
    const slot = headSlotOf(frames, Math.floor(address / 4096));
    const pfn = frames.pfnOf(slot);
    const smem = smemOf(frames.owner2[slot]!);
    let slab = this.#slabs.get(pfn);
    if (slab === undefined) {
      slab = this.#numbered++;
      this.#slabs.set(pfn, slab);
      this.#new.push([slab, smem]);
    }
    return [slab, (address - pfn * 4096 - smem - this.cache.objOffset) / this.cache.size];
  }

  /** Slabs that appeared and slabs that are no longer the cache's; forgets the latter. */
  seen(): { rel: number[]; new: Array<readonly [number, number]> } {
    const { frames, rcuSlabs } = this.slab;
    if (rcuSlabs.length > 0) slabEndGracePeriod(this.machine.on(0).ctx, this.slab);
    const rel: number[] = [];
    for (const [pfn, slab] of this.#slabs)
      if (frames.owner0[frames.peekSlotOf(pfn)] !== this.cache.id) {
        this.#slabs.delete(pfn);
        rel.push(slab);
      }
    const appeared = this.#new;
    this.#new = [];
    return { rel: rel.sort((a, b) => a - b), new: appeared };
  }

  take(handle: number): number | null {
    const address = this.held[handle] ?? null;
    this.held[handle] = null;
    return address;
  }
}

/**
 * Plays one case. Input: CPUs, command line, the cache's arguments, and the operations with their arguments. Expectation:
 * the cache's structure, every object, return value and counter, and the slabs that appear and go with each operation.
 */
export function playSlabTrace(recording: Recording, index: number): Mismatch | null {
  const recorded = recording.cases[index] as unknown as Case;
  const { mem } = (recording as unknown as z.infer<typeof slabTraceTables>).source;
  const playing = new Playing(recorded, mem);
  const wrong = firstDifference('cache', recorded.cache, slabStruct(playing.cache));
  if (wrong !== null) return wrong;
  for (const [i, step] of recorded.ops.entries()) {
    const { expected, actual } = playStep(playing, step);
    const found = firstDifference(`ops[${i}] ${step[0]}`, expected, actual);
    if (found !== null) return found;
  }
  const { ctx } = playing.machine.on(0);
  for (const address of playing.held) if (address !== null) slabFree(ctx, playing.cache, address);
  const clean = slabDestroy(ctx, playing.cache);
  return clean ? null : { path: 'destroy', expected: 'no slab left', actual: 'slabs left' };
}

function playStep(playing: Playing, step: Op): { expected: unknown; actual: unknown } {
  if (step[0] === 'c') return { expected: step[1], actual: counters(playing) };
  const last = step.at(-1);
  const said = typeof last === 'object' && last !== null && !Array.isArray(last) ? last : {};
  const { given, answer } = doStep(playing, step);
  return { expected: [given, { rel: [], new: [], ...said }], actual: [answer, playing.seen()] };
}

function doStep(playing: Playing, step: Exclude<Op, ['c', object]>): { given: unknown; answer: unknown } {
  const { cache, machine } = playing;
  switch (step[0]) {
    case 'a':
      return { given: step[2], answer: playing.hold(slabAlloc(machine.on(step[1]).ctx, cache, GFP_KERNEL)) };
    case 'f': {
      const address = playing.take(step[2]);
      if (address !== null) slabFree(machine.on(step[1]).ctx, cache, address);
      return { given: null, answer: null };
    }
    case 'A': {
      const objects: number[] = [];
      const got = slabAllocBulk(machine.on(step[1]).ctx, cache, GFP_KERNEL, step[2], objects);
      const answer = objects.map((address) => playing.hold(address));
      for (let i = got; i < step[2]; i++) playing.hold(null);
      return { given: [step[3], step[4]], answer: [got, answer] };
    }
    case 'F': {
      const objects = step[2].map((handle) => playing.take(handle)).filter((address) => address !== null);
      slabFreeBulk(machine.on(step[1]).ctx, cache, objects);
      return { given: null, answer: null };
    }
    case 's':
      for (let i = 0; i < machine.cpus; i++) drainCpu(machine.on(i).ctx, cache, i);
      return { given: step[2], answer: slabShrink(machine.on(step[1]).ctx, cache) };
    default:
      throw new Error(`unknown operation ${JSON.stringify(step)}`);
  }
}

function counters(playing: Playing): object {
  const { cache, slab } = playing;
  const { node, sharedArray } = cache;
  const list = (head: number): unknown[] =>
    slabsOn(cache, head).map((slot) => [
      playing.slabNumber(slab.frames.pfnOf(slot)),
      activeOf(slab.frames.owner2[slot]!),
    ]);
  const { avail, limit, batchcount, touched } = ArrayWord;
  return {
    ...readSlabCounts(cache),
    total_slabs: node[NodeWord.totalSlabs],
    free_slabs: node[NodeWord.freeSlabs],
    free_objects: node[NodeWord.freeObjects],
    free_limit: node[NodeWord.freeLimit],
    colour_next: node[NodeWord.colourNext],
    ac: cache.arrays.map(({ words }) => [words[avail], words[limit], words[batchcount], words[touched]]),
    shared:
      sharedArray === null
        ? null
        : [sharedArray.words[avail], sharedArray.words[limit], sharedArray.words[batchcount]],
    partial: list(NodeWord.partialFirst),
    full: list(NodeWord.fullFirst),
    free: list(NodeWord.freeFirst),
  };
}

import { allocPages, foldZoneCounters, freePages, freePagesOf } from '@mm/buddy';
import type { Machine } from '@mm/machine';
import { type SlubCache, type SlubSystem, slubAlloc, slubFree, slubShrink } from '@mm/slub';
import { GFP_KERNEL, type ZoneName } from '@mm/zones';
import { z } from 'zod';

import { firstDifference } from './first-difference.js';
import type { Mismatch } from './mismatch.js';
import { bootSlub } from './slub-boot.js';

const integer = z.number().int();
const text = z.string();
const perZone = z.record(text, integer);

const step = z.discriminatedUnion('op', [
  z.looseObject({
    op: z.literal('cache_alloc'),
    cache: text,
    gfp: integer.min(0),
    n: integer.min(0),
    ok: integer,
    zones: perZone,
    dmesg: z.array(text).optional(),
    approximate: integer.optional(),
  }),
  z.looseObject({
    op: z.literal('eat'),
    gfp: integer,
    order: integer.min(0).max(10),
    got: integer,
    zones: perZone,
  }),
  z.looseObject({ op: z.literal('uneat') }),
  z.looseObject({
    op: z.literal('zones'),
    zones: z.array(z.tuple([text, integer, z.array(integer), z.array(integer)])),
  }),
]);

/** A case of kind `gfp` and type `cache-zones`. */
export const cacheZonesCase = z.looseObject({
  type: z.literal('cache-zones'),
  mem: text,
  cpus: integer.min(1).max(256),
  cmdline: text,
  caches: z.record(text, z.tuple([integer, integer, integer])),
  steps: z.array(step),
});

type Case = z.infer<typeof cacheZonesCase>;
type Step = z.infer<typeof step>;

/** Flags that reach a zone first: no waiting, no warning. */
const FIRST_ZONE: Readonly<Record<string, number>> = { DMA: 0x2801, DMA32: 0x2804, Normal: 0x2800 };

class Playing {
  readonly machine: Machine;
  readonly slub: SlubSystem;
  readonly #caches = new Map<string, SlubCache>();
  readonly #sizes: Case['caches'];
  readonly #eaten: Array<readonly [pfn: number, order: number]> = [];
  #made = 0;

  constructor(recorded: Case) {
    const { machine, slub } = bootSlub(recorded);
    this.machine = machine;
    this.slub = slub;
    this.#sizes = recorded.caches;
    machine.log.take();
  }

  play(todo: Step): Mismatch | null {
    if (todo.op === 'cache_alloc') return this.#allocate(todo);
    if (todo.op === 'uneat') this.#giveBack();
    else if (todo.op === 'eat') {
      for (const [zone, count] of Object.entries(todo.zones)) this.#eat(zone, todo.order, count);
    } else for (const [zone, free] of todo.zones) this.#bringTo(zone, free);
    return null;
  }

  #allocate(todo: Extract<Step, { op: 'cache_alloc' }>): Mismatch | null {
    const { ctx } = this.machine.on(0);
    const { frames, zones, log } = this.machine;
    const cache = this.#cacheFor(todo.cache);
    const objects: number[] = [];
    const found: Record<string, number> = Object.fromEntries(
      Object.keys(todo.zones).map((name) => [name, 0]),
    );
    log.take();
    for (let i = 0; i < todo.n; i++) {
      const object = slubAlloc(ctx, cache, todo.gfp);
      if (object === null) continue;
      objects.push(object);
      found[zones.names[frames.zone[frames.slotOf(Math.floor(object / 4096))]!]!]! += 1;
    }
    const dmesg = log.take().filter((line) => line.startsWith('Unexpected gfp'));
    for (const object of objects) slubFree(ctx, cache, object);
    const expected = { ok: todo.ok, zones: todo.zones, dmesg: todo.dmesg ?? [] };
    return firstDifference('', expected, { ok: objects.length, zones: found, dmesg });
  }

  /** A cache named `X+new` has no slab yet; one named `X+used` is the last of its kind, with the slab it got. */
  #cacheFor(name: string): SlubCache {
    const [kind, state] = name.split('+');
    const known = this.#caches.get(kind!);
    if (known !== undefined && state === 'used') return known;
    const { ctx } = this.machine.on(0);
    if (known !== undefined) {
      slubShrink(ctx, known);
      return known;
    }
    const [size, align, flags] = this.#sizes[kind!]!;
    const cache = this.slub.register.create({ name: `${kind}-${this.#made++}`, size, align, flags })!;
    this.#caches.set(kind!, cache);
    if (state === 'used') slubFree(ctx, cache, slubAlloc(ctx, cache, GFP_KERNEL)!);
    return cache;
  }

  #zone(name: string): number {
    return this.machine.zones.names.indexOf(name as ZoneName);
  }

  #eat(zone: string, order: number, count: number): void {
    const { ctx } = this.machine.on(0);
    const { pages, frames } = this.machine;
    for (let i = 0; i < count; i++) {
      const pfn = allocPages(ctx, pages, FIRST_ZONE[zone]! | 0x20, order);
      if (pfn === null) return;
      if (frames.zone[frames.slotOf(pfn)] !== this.#zone(zone)) {
        freePages(ctx, pages, pfn, order);
        return;
      }
      this.#eaten.push([pfn, order]);
    }
  }

  /** Brings a zone to a number of free pages, which depends on what else runs on the recorded machine. */
  #bringTo(zone: string, free: number): void {
    const { pages } = this.machine;
    const index = this.#zone(zone);
    const freeNow = (): number => {
      foldZoneCounters(pages);
      return freePagesOf(pages, index);
    };
    for (let order = 10; order >= 0; order--)
      while (freeNow() >= free + 2 ** order) {
        const before = freeNow();
        this.#eat(zone, order, 1);
        if (freeNow() === before) break;
      }
  }

  #giveBack(): void {
    const { ctx } = this.machine.on(0);
    for (const [pfn, order] of this.#eaten.splice(0)) freePages(ctx, this.machine.pages, pfn, order);
  }
}

/**
 * Whether what a step got hangs on which blocks are free: it failed at some point, or went over to another zone. The recording
 * has counts of free pages, not their lists, so such a step and what follows cannot be played.
 */
const needsFreeLists = (todo: Step): boolean =>
  todo.op === 'cache_alloc' &&
  (todo.ok < todo.n || Object.values(todo.zones).filter((count) => count > 0).length > 1);

/**
 * Plays one case up to the first step that hangs on lists of free pages, which are not recorded. Input: RAM, CPUs, the caches' arguments, flags and counts of the allocations; how many blocks were eaten of
 * each zone and how many pages are free, as both depend on what else the recorded machine runs. Expectation: how many
 * objects each allocation gets, from which zones, and the log.
 */
export function playCacheZones(recorded: Record<string, unknown>): Mismatch | null {
  const playing = new Playing(recorded as unknown as Case);
  for (const [i, todo] of (recorded as unknown as Case).steps.entries()) {
    if (needsFreeLists(todo)) break;
    const found = playing.play(todo);
    if (found !== null) return { ...found, path: `steps[${i}] ${todo.op}.${found.path}` };
  }
  return null;
}

import { updateFloors } from '@mm/buddy';
import type { Machine } from '@mm/machine';
import { type SlubCache, type SlubSystem, slubAlloc, slubFree, slubShrink } from '@mm/slub';
import { GFP_KERNEL, gfpZone } from '@mm/zones';
import { z } from 'zod';

import { firstDifference } from './first-difference.js';
import type { Mismatch } from './mismatch.js';
import { bootSlub } from './slub-boot.js';
import { type Onset, WatermarkBoosts } from './watermark-boosts.js';
import { ZoneSupply } from './zone-supply.js';

const integer = z.number().int();
const text = z.string();
const perZone = z.record(text, integer.min(0));
const approximate = integer.optional();

const step = z.discriminatedUnion('op', [
  z.looseObject({
    op: z.literal('cache_alloc'),
    cache: text,
    gfp: integer.min(0),
    n: integer.min(0),
    ok: integer,
    zones: perZone,
    dmesg: z.array(text).optional(),
    approximate,
  }),
  z.looseObject({
    op: z.literal('eat'),
    gfp: integer,
    order: integer.min(0).max(10),
    got: integer.min(0),
    zones: perZone,
  }),
  z.looseObject({ op: z.literal('uneat') }),
  z.looseObject({
    op: z.literal('zones'),
    zones: z.array(z.tuple([text, integer.min(0), z.array(integer).length(4), z.array(integer)])),
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
type Allocation = Extract<Step, { op: 'cache_alloc' }>;
type Eat = Extract<Step, { op: 'eat' }>;

class Playing {
  readonly machine: Machine;
  readonly slub: SlubSystem;
  readonly #supply: ZoneSupply;
  readonly #caches = new Map<string, SlubCache>();
  readonly #sizes: Case['caches'];
  /** What is tried of each step that may have had boosts, in order: the first onset of each. */
  readonly tries: Onset[][];
  boosted = 0;
  #made = 0;

  constructor(recorded: Case, tries: ReadonlyArray<readonly Onset[]>) {
    const { machine, slub } = bootSlub(recorded);
    this.machine = machine;
    this.slub = slub;
    this.tries = tries.map((onsets) => [...onsets]);
    this.#supply = new ZoneSupply(machine);
    this.#sizes = recorded.caches;
    machine.log.take();
  }

  play(todo: Step): Mismatch | null {
    if (todo.op === 'cache_alloc') return this.#allocate(todo);
    if (todo.op === 'eat') return this.#eat(todo);
    if (todo.op === 'uneat') this.#supply.giveBack();
    else this.#supply.bringTo(todo.zones);
    return null;
  }

  #allocate(todo: Allocation): Mismatch | null {
    const { ctx } = this.machine.on(0);
    const { frames, zones, log } = this.machine;
    const cache = this.#cacheFor(todo.cache);
    const objects: number[] = [];
    const found = zones.names.map(() => 0);
    const boosts = this.#boosts(todo, cache);
    log.take();
    for (let i = 0; i < todo.n; i++) {
      boosts?.advance(found);
      const object = slubAlloc(ctx, cache, todo.gfp);
      if (object === null) continue;
      objects.push(object);
      found[frames.zone[frames.slotOf(Math.floor(object / 4096))]!]! += 1;
    }
    const dmesg = log.take().filter((line) => line.startsWith('Unexpected gfp'));
    for (const object of objects) slubFree(ctx, cache, object);
    if (todo.approximate !== undefined) return null;
    const expected = { ok: todo.ok, zones: todo.zones, dmesg: todo.dmesg ?? [] };
    const counts = Object.fromEntries(zones.names.map((name, zone) => [name, found[zone]!]));
    return firstDifference('', expected, { ok: objects.length, zones: counts, dmesg });
  }

  /** Boosts that the step must have had. Until the next step, kswapd takes them back. */
  #boosts(todo: Allocation, cache: SlubCache): WatermarkBoosts | null {
    const { zones } = this.machine;
    zones.watermarkBoost.fill(0);
    updateFloors(this.machine.pages);
    const highest = gfpZone(zones.gfpTable, cache.allocFlags);
    const objects = zones.names.map((name) => todo.zones[name] ?? 0);
    const isShort = todo.ok < todo.n;
    // Where a lower zone gave, the upper one may have refused.
    if (!isShort && objects.slice(0, firstZone(zones.managed, highest)).every((count) => count === 0))
      return null;
    const pages = objects.map((count) => (count * 2 ** cache.order) / cache.objects);
    const given = { highest, pages, objects };
    this.tries[this.boosted] ??= isShort
      ? shortOnsets(new WatermarkBoosts(this.#supply, given, 'late'))
      : ['never', 'last'];
    return new WatermarkBoosts(this.#supply, given, this.tries[this.boosted++]![0]!);
  }

  /** A cache named `X+new` has no slab yet; `X+used` has got one; `X` is as the steps before left it. */
  #cacheFor(name: string): SlubCache {
    const [kind, state] = name.split('+');
    const known = this.#caches.get(kind!);
    const { ctx } = this.machine.on(0);
    if (known !== undefined) {
      if (state === 'new') slubShrink(ctx, known);
      return known;
    }
    const [size, align, flags] = this.#sizes[kind!]!;
    const cache = this.slub.register.create({ name: `${kind}-${this.#made++}`, size, align, flags })!;
    this.#caches.set(kind!, cache);
    if (state === 'used') slubFree(ctx, cache, slubAlloc(ctx, cache, GFP_KERNEL)!);
    return cache;
  }

  /** How many blocks a zone had hangs on lists that are not recorded: they are taken as told. */
  #eat(todo: Eat): Mismatch | null {
    this.machine.zones.watermarkBoost.fill(0);
    updateFloors(this.machine.pages);
    for (const [zone, count] of Object.entries(todo.zones))
      if (!this.#supply.take(zone, todo.order, count))
        return { path: `.zones.${zone}`, expected: count, actual: 'fewer' };
    return null;
  }
}

/** The highest zone with pages, from `highest` down. */
function firstZone(managed: ArrayLike<number>, highest: number): number {
  let zone = highest;
  while (zone > 0 && managed[zone] === 0) zone -= 1;
  return zone;
}

/** What may have been of a step that fell short: without boosts that are known of, it is one whether they came late or early. */
function shortOnsets(late: WatermarkBoosts): Onset[] {
  return late.any ? ['late', 'early', 'last'] : ['late', 'last'];
}

/** As many cases as this are tried of when watermarks were boosted. */
const TRIES_MAX = 64;

/**
 * Plays one case. Input: RAM, CPUs, the caches' arguments, flags and counts of the allocations; how many blocks were eaten of
 * each zone; watermarks and free pages as the `zones` steps show them, as all of these depend on what else the recorded machine
 * runs. Expectation: how many objects each allocation gets, from which zones, and the log; steps marked as approximate apart.
 *
 * Whether watermarks were boosted in a step, and when, is not recorded: the case matches when there are onsets with which
 * every step does.
 */
export function playCacheZones(recorded: Record<string, unknown>): Mismatch | null {
  let tried: Onset[][] = [];
  let furthest: Outcome | null = null;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const playing = new Playing(recorded as unknown as Case, tried);
    const outcome = playAll(playing, (recorded as unknown as Case).steps);
    if (outcome === null) return null;
    if (furthest === null || isFurther(outcome, furthest)) furthest = outcome;
    // The last step that can be tried otherwise; those behind it start again.
    const last = playing.tries.findLastIndex((onsets) => onsets.length > 1);
    if (last === -1) break;
    tried = [...playing.tries.slice(0, last), playing.tries[last]!.slice(1)];
  }
  return furthest!.found;
}

/** Where a try ended. */
interface Outcome {
  readonly at: number;
  readonly found: Mismatch;
}

/** Of tries that end at one step, one that gets as many objects as were recorded, but from other zones, explains more of it. */
function isFurther({ at, found }: Outcome, than: Outcome): boolean {
  if (at !== than.at) return at > than.at;
  return missesTotal(than.found) && !missesTotal(found);
}

function missesTotal({ path }: Mismatch): boolean {
  return path.endsWith('.ok');
}

function playAll(playing: Playing, steps: readonly Step[]): Outcome | null {
  for (const [at, todo] of steps.entries()) {
    const found = playing.play(todo);
    if (found !== null) return { at, found: { ...found, path: `steps[${at}] ${todo.op}.${found.path}` } };
  }
  return null;
}

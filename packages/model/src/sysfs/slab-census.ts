import type { AnyCache } from '@mm/machine';
import { PageFlag } from '@mm/memory';
import { SlabCache, activeOf } from '@mm/slab';
import { CPU_SHIFT, CpuWord, type SlubCache, inuseOf, objectsOf } from '@mm/slub';

/** What the files of a SLUB cache must say, by file. */
export type SlubCensus = Readonly<
  Record<
    'slabs' | 'total_objects' | 'objects' | 'partial' | 'objects_partial' | 'cpu_slabs' | 'slabs_cpu_partial',
    string
  >
>;

/** Slots of the slabs that belong to a cache, found among all frames. */
function slabsOf({ id, system: { frames, rcuSlabs } }: AnyCache): number[] {
  const waiting = new Set(rcuSlabs);
  const slots: number[] = [];
  for (let slot = 1; slot < frames.slotCount; slot++)
    if (frames.owner0[slot] === id && (frames.flags[slot]! & PageFlag.slab) !== 0 && !waiting.has(slot))
      slots.push(slot);
  return slots;
}

/**
 * Counts a SLUB cache that nobody is changing by its slabs alone, from what the documentation says of each file: a slab that no CPU
 * holds and that has a free object is partial; a CPU's free objects are in use.
 */
export function slubCensus(cache: SlubCache): SlubCensus {
  const { frames, cpus, online } = cache.system;
  let total = 0;
  let partial = 0;
  let free = 0;
  let inuse = 0;
  const slabs = slabsOf(cache);
  for (const slot of slabs) {
    const counters = frames.owner2[slot]!;
    const [objects, used] = [objectsOf(counters), inuseOf(counters)];
    total += objects;
    const isHeld = counters < 0;
    if (isHeld || used === objects) continue;
    partial++;
    free += objects - used;
    inuse += used;
  }
  const lengths = Array.from({ length: cpus }, (_, cpu) => {
    let length = 0;
    for (let slot = cache.cpu[(cpu << CPU_SHIFT) + CpuWord.partial]!; slot !== 0; slot = frames.next[slot]!)
      length++;
    return length;
  });
  const cpuSlabs = lengths.reduce(
    (sum, length, cpu) => (cache.cpu[(cpu << CPU_SHIFT) + CpuWord.slab]! < 0 ? sum : sum + 1 + length),
    0,
  );
  const estimate = (length: number): string => `${Math.floor((length * cache.objects) / 2)}(${length})`;
  const shown = lengths.map((length, cpu) => (online[cpu] === 1 ? length : 0));
  const each = shown.map((length, cpu) => (length === 0 ? '' : ` C${cpu}=${estimate(length)}`)).join('');
  return {
    slabs: `${slabs.length}`,
    total_objects: `${total}`,
    objects: `${total - free}`,
    partial: `${partial}`,
    objects_partial: `${inuse}`,
    cpu_slabs: `${cpuSlabs}`,
    slabs_cpu_partial: `${estimate(shown.reduce((sum, length) => sum + length, 0))}${each}`,
  };
}

/** What a line of slabinfo must say of a cache's use: objects in use and all, slabs in use and all. */
export function slabinfoCensus(cache: AnyCache): readonly [number, number, number, number] {
  if (!(cache instanceof SlabCache)) {
    const { objects, total_objects, slabs } = slubCensus(cache);
    return [Number(objects), Number(total_objects), Number(slabs), Number(slabs)];
  }
  const { frames } = cache.system;
  const active = slabsOf(cache).map((slot) => activeOf(frames.owner2[slot]!));
  return [
    active.reduce((sum, one) => sum + one, 0),
    active.length * cache.num,
    active.filter((one) => one > 0).length,
    active.length,
  ];
}

import { checkSlots } from '@mm/kmem';
import { CHUNK_PAGES, PageFlag, orderOfFlags } from '@mm/memory';

import { checkCache } from './check-arguments.js';
import { BAD_POINTER, peekFreePointer } from './free-pointer.js';
import { inuseOf, objectsOf } from './slab-counters.js';
import { fullSlabs, partialSlabs } from './slab-lists.js';
import { NodeWord, type SlubCache } from './slub-cache.js';
import { CPU_SHIFT, CpuWord } from './slub-stats.js';

/** What a walk over all of a cache's slabs finds. */
export interface SlubWalk {
  /** What does not hold; empty: all holds. */
  readonly wrong: readonly string[];
  /** Objects that are handed out. */
  readonly live: number;
  readonly slabs: number;
}

/** Where a slab is known: nowhere (all its objects are in use), on a CPU, on a CPU's partial list, on the node's list. */
type Place = 'full' | 'cpu' | 'cpu partial' | 'partial';

/**
 * Walks every slab, list and free pointer of a cache that nobody is changing:
 *
 *   objects of a slab = inuse + its free list;   live objects = Σ inuse - Σ free lists of CPUs
 *   partial slabs of a CPU <= max(wanted, wanted / 2 + 1)
 *   frozen = held by a CPU;   nr_partial, nr_slabs, total_objects = what the walk counts
 *
 * @param slots first frames of the cache's slabs, where a pass over all frames has found them already, for many caches at once.
 * @throws OptionError for what is no cache or no list of slots.
 * @example
 * walkSlub(cache).wrong; // []
 */
export function walkSlub(cache: SlubCache, slots?: readonly number[]): SlubWalk {
  const { frames, cpus } = checkCache(cache).system;
  checkSlots(slots);
  const wrong: string[] = [];
  const places = new Map<number, Place>();
  const say = (slot: number, what: string): void => {
    wrong.push(`${cache.name}: slab at pfn ${frames.pfnOf(slot)} ${what}`);
  };
  const put = (slot: number, place: Place): void => {
    if (places.has(slot)) say(slot, `is ${places.get(slot)} and ${place}`);
    places.set(slot, place);
  };
  for (const slot of partialSlabs(cache)) put(slot, 'partial');
  if (places.size !== cache.node[NodeWord.nrPartial])
    wrong.push(`${cache.name}: nr_partial ${cache.node[NodeWord.nrPartial]}, on the list ${places.size}`);
  if (cache.storeUser) for (const slot of fullSlabs(cache)) put(slot, 'full');
  let onCpus = 0;
  for (let cpu = 0; cpu < cpus; cpu++) {
    const at = cpu << CPU_SHIFT;
    const pfn = cache.cpu[at + CpuWord.slab]!;
    const first = cache.cpu[at + CpuWord.freelist]!;
    if (pfn !== -1) {
      put(frames.peekSlotOf(pfn), 'cpu');
      onCpus += listLength(cache, pfn, first, wrong);
      checkCpuWords(cache, cpu, wrong);
    } else if (first !== 0) wrong.push(`${cache.name}: CPU ${cpu} has a free list and no slab`);
    const partial = cache.cpu[at + CpuWord.partial]!;
    if (partial !== 0 && frames.prev[partial]! > cpuPartialMost(cache))
      wrong.push(`${cache.name}: CPU ${cpu} keeps ${frames.prev[partial]} partial slabs`);
    for (let slot = partial; slot !== 0; slot = frames.next[slot]!) {
      const after = frames.next[slot]!;
      const rest = after === 0 ? 0 : frames.prev[after]!;
      if (frames.prev[slot] !== rest + 1)
        say(slot, `counts ${frames.prev[slot]} slabs to the end of its list`);
      put(slot, 'cpu partial');
    }
  }
  return { ...walkSlabs(cache, places, onCpus, wrong, slots), wrong };
}

/** What the fast path knows of a CPU's slab: it may read and write free pointers by these words alone. */
function checkCpuWords(cache: SlubCache, cpu: number, wrong: string[]): void {
  const { frames, memory } = cache.system;
  const wordAt = (word: number): number => cache.cpu[(cpu << CPU_SHIFT) | word]!;
  const pfn = wordAt(CpuWord.slab);
  const slot = frames.peekSlotOf(pfn);
  const pages = 1 << orderOfFlags(frames.flags[slot]!);
  const below = wordAt(CpuWord.freeBelow);
  const say = (what: string): number => wrong.push(`${cache.name}: CPU ${cpu}: ${what}`);
  const last = cache.firstOffset + (objectsOf(frames.owner2[slot]!) - 1) * cache.size;
  if (below !== 0 && below !== last + 1) say(`takes frees below ${below}, the last object is at ${last}`);
  const chunk = wordAt(CpuWord.chunk);
  if (chunk === 0) {
    if (below !== 0) say('takes frees, but knows no bytes of its slab');
    return;
  }
  if (pages > CHUNK_PAGES) say(`a slab of ${pages} pages is in no one chunk`);
  if (memory.chunks[chunk] !== memory.peekWordsOf(pfn)) say('knows another chunk than that of its slab');
  const pointers = memory.wordIndexOf(pfn) + (cache.offset >> 2);
  if (wordAt(CpuWord.pointerBase) !== pointers) say(`free pointers begin at word ${pointers} of the chunk`);
}

/** Partial slabs that a CPU keeps at most: as many as are wanted, and what one look at the node's list brings. */
const cpuPartialMost = ({ cpuPartialSlabs }: SlubCache): number =>
  Math.max(cpuPartialSlabs, (cpuPartialSlabs >> 1) + 1);

function walkSlabs(
  cache: SlubCache,
  places: ReadonlyMap<number, Place>,
  onCpus: number,
  wrong: string[],
  slots?: readonly number[],
): { live: number; slabs: number } {
  const { frames, rcuSlabs } = cache.system;
  const waiting = new Set(rcuSlabs);
  let slabs = 0;
  let total = 0;
  let inuse = 0;
  const count = slots?.length ?? frames.slotCount;
  for (let i = 0; i < count; i++) {
    const slot = slots === undefined ? i : slots[i]!;
    if (frames.owner0[slot] !== cache.id || (frames.flags[slot]! & PageFlag.slab) === 0) continue;
    if (waiting.has(slot)) continue;
    slabs++;
    const counters = frames.owner2[slot]!;
    total += objectsOf(counters);
    inuse += inuseOf(counters);
    checkSlab(cache, slot, places.get(slot) ?? 'full', wrong);
  }
  for (const slot of places.keys())
    if (frames.owner0[slot] !== cache.id) wrong.push(`${cache.name}: a list holds a slab of somebody else's`);
  const { nrSlabs, totalObjects } = NodeWord;
  if (slabs !== cache.node[nrSlabs])
    wrong.push(`${cache.name}: nr_slabs ${cache.node[nrSlabs]}, there are ${slabs}`);
  if (total !== cache.node[totalObjects])
    wrong.push(`${cache.name}: total_objects ${cache.node[totalObjects]}, there are ${total}`);
  return { live: inuse - onCpus, slabs };
}

function checkSlab(cache: SlubCache, slot: number, place: Place, wrong: string[]): void {
  const { frames } = cache.system;
  const counters = frames.owner2[slot]!;
  const objects = objectsOf(counters);
  const pfn = frames.pfnOf(slot);
  const name = `${cache.name}: slab at pfn ${pfn} (${place})`;
  const free = listLength(cache, pfn, frames.owner1[slot]!, wrong);
  if (inuseOf(counters) + free !== objects)
    wrong.push(`${name} has ${inuseOf(counters)} in use, ${free} free, ${objects} objects`);
  const frozen = counters < 0;
  if (frozen !== (place === 'cpu' || place === 'cpu partial')) wrong.push(`${name} has frozen = ${frozen}`);
  if (place === 'full' && inuseOf(counters) !== objects) wrong.push(`${name} is not full and on no list`);
  if (place === 'partial' && free === 0) wrong.push(`${name} has no free object`);
  const order = orderOfFlags(frames.flags[slot]!);
  if (order !== cache.order && order !== cache.minOrder) wrong.push(`${name} has order ${order}`);
}

/** Objects on a free list; a list that is longer than a slab or leaves it is wrong. */
function listLength(cache: SlubCache, pfn: number, first: number, wrong: string[]): number {
  const limit = Math.max(cache.objects, cache.minObjects);
  let length = 0;
  for (let object = first; object !== 0; object = peekFreePointer(cache, pfn, object)) {
    if (object === BAD_POINTER || length > limit) {
      wrong.push(
        `${cache.name}: the free list of the slab at pfn ${pfn} ${length > limit ? 'never ends' : 'leaves it'}`,
      );
      break;
    }
    if ((object - 1 - cache.firstOffset) % cache.size !== 0)
      wrong.push(`${cache.name}: the free list of the slab at pfn ${pfn} holds ${object - 1}, no object`);
    length++;
  }
  return length;
}

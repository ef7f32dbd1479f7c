import type { Hunt } from '../hunt/hunt.js';
import type { Edit, Mutant, MutantKind } from '../mutant.js';
import {
  AGREE,
  MISCOUNT,
  NOT_TWICE,
  OVERLAP,
  TYPESAFE,
  TWO_OWNERS,
  check,
  edit,
  programs,
  scenario,
} from './hunts.js';

const own = (
  id: string,
  kind: MutantKind,
  mechanism: string,
  edits: readonly Edit[],
  hunts: readonly Hunt[],
  breaks: readonly string[] = [AGREE, MISCOUNT, TWO_OWNERS, OVERLAP, NOT_TWICE],
): Mutant => ({ id: `slub-${id}`, history: 'ours', kind, mechanism, breaks, edits, hunts });

const ABA = scenario('slub: take against take, take, give on one CPU');
const UNCHECKED = programs('slub', { strict: false });

/** Lines of SLUB's fast and slow paths. */
export const OWN_SLUB: readonly Mutant[] = [
  own(
    'alloc-tid',
    'interleaving',
    'the fast path of alloc compares the free list alone',
    [
      edit(
        'slub/stepped/alloc',
        'if (raced(cpu[here | TID] !== tid || cpu[here | FREELIST] !== object)) {',
        'if (raced(cpu[here | FREELIST] !== object)) {',
      ),
    ],
    [ABA],
  ),
  own(
    'alloc-tid-late',
    'interleaving',
    'the fast path of alloc reads the transaction id behind the free list and its next object',
    [
      edit('slub/stepped/alloc', '    const tid = cpu[at | TID]!;\n', ''),
      edit(
        'slub/stepped/alloc',
        '    yield rmw(cache.cpuCell + ctx.cpu);\n    const here = ctx.cpu << 6;\n    if (raced(cpu[here | TID] !== tid',
        '    yield read(cache.cpuCell + (at >> 6));\n    const tid = cpu[at | TID]!;\n    yield rmw(cache.cpuCell + ctx.cpu);\n    const here = ctx.cpu << 6;\n    if (raced(cpu[here | TID] !== tid',
      ),
    ],
    [ABA],
  ),
  own(
    'tid-per-cpu',
    'interleaving',
    'transaction ids of two CPUs are alike: a task that moves between its reads is not noticed',
    [
      edit(
        'slub/slub-cache',
        '[(cpu << CPU_SHIFT) + CpuWord.tid] = cpu;',
        '[(cpu << CPU_SHIFT) + CpuWord.tid] = 0;',
      ),
    ],
    [scenario('slub: a task that moves between its reads'), scenario('slub-migrate')],
  ),
  own(
    'alloc-next',
    'logic',
    'the fast path of alloc leaves the object on the free list',
    [edit('slub/stepped/alloc', '    cpu[here | FREELIST] = next;', '    cpu[here | FREELIST] = object;')],
    [programs('slub')],
  ),
  own(
    'alloc-zero',
    'logic',
    'the fast path of alloc does not zero',
    [
      edit(
        'slub/stepped/alloc',
        '    if ((gfp & 0x100) !== 0) initObject(cache, address);\n    return address;',
        '    return address;',
      ),
    ],
    [programs('slub')],
    ['an object asked for with __GFP_ZERO is zero'],
  ),
  own(
    'bulk-zero',
    'logic',
    'a bulk allocation zeroes all objects but the last',
    [
      edit(
        'slub/stepped/bulk',
        'for (let i = 0; i < many; i++) initObject(cache, objects[i]!);',
        'for (let i = 0; i < many - 1; i++) initObject(cache, objects[i]!);',
      ),
    ],
    [programs('slub')],
    ['an object asked for with __GFP_ZERO is zero'],
  ),
  own(
    'get-freelist-frozen',
    'logic',
    'a slab whose free list ran out stays frozen, and nobody finds it again',
    [
      edit(
        'slub/stepped/alloc',
        'allInUse(counters) & 0x7fffffff : allInUse(counters)',
        'allInUse(counters) : allInUse(counters)',
      ),
    ],
    [programs('slub')],
  ),
  own(
    'get-freelist-race',
    'interleaving',
    'what others freed into the slab meanwhile is overwritten: no compare-exchange',
    [
      edit(
        'slub/stepped/alloc',
        '    yield rmw(slabCellOf(cache, slot));\n    if (raced(frames.owner1[slot] !== freelist || frames.owner2[slot] !== counters)) {',
        '    yield rmw(slabCellOf(cache, slot));\n    if (raced(freelist < 0)) {',
      ),
    ],
    [scenario('slub: take against remote give'), scenario('slub-free-full'), scenario('slub-get-partial')],
  ),
  own(
    'install-old-slab',
    'lifetime',
    'a slab that a task finds in its place when it comes back with a new one is lost',
    [
      edit(
        'slub/stepped/alloc',
        '    yield* deactivateSlab(ctx, cache, frames.peekSlotOf(old), freelist);',
        '    if (old === NONE) yield* deactivateSlab(ctx, cache, frames.peekSlotOf(old), freelist);',
      ),
    ],
    [scenario('slub-bulk-alloc'), programs('slub', {}, 'interleaved')],
  ),
  own(
    'free-tid',
    'interleaving',
    'the fast path of free compares the free list alone',
    [
      edit(
        'slub/stepped/free',
        '    if (raced(cpu[here | TID] !== tid || cpu[here | FREELIST] !== freelist)) {\n      countCpuFail(cache, ctx.cpu);\n      continue;\n    }\n    cpu[here | FREELIST] = offset | 1;',
        '    if (raced(cpu[here | FREELIST] !== freelist)) {\n      countCpuFail(cache, ctx.cpu);\n      continue;\n    }\n    cpu[here | FREELIST] = offset | 1;',
      ),
    ],
    [
      scenario('slub: give against take from a full slab'),
      scenario('slub: give against flush of a full slab'),
    ],
  ),
  own(
    'free-list-loses',
    'logic',
    'the fast path of free makes the object the whole free list',
    [
      edit(
        'slub/stepped/free',
        'words[word] = freelist === 0 ? 0 : ((slab << 12) + freelist - 1) | 0;',
        'words[word] = 0;',
      ),
      edit('slub/stepped/free', 'words[word + 1] = freelist === 0 ? 0 : high;', 'words[word + 1] = 0;'),
    ],
    [UNCHECKED],
  ),
  own(
    'free-slow-race',
    'interleaving',
    'the slow path of free does not compare before it exchanges',
    [
      edit(
        'slub/stepped/free',
        'if (raced(frames.owner1[slot] !== prior || frames.owner2[slot] !== old)) {',
        'if (raced(prior < 0)) {',
      ),
    ],
    [scenario('slub-remote-free'), scenario('slub-free-full'), programs('slub', {}, 'interleaved')],
  ),
  own(
    'free-slow-freeze',
    'logic',
    'a full slab to which an object comes back is not frozen before it goes to the CPU',
    [
      edit(
        'slub/stepped/free',
        '(moves && prior === 0 ? FROZEN_BIT : 0)',
        '(moves && prior < 0 ? FROZEN_BIT : 0)',
      ),
    ],
    [programs('slub')],
  ),
  own(
    'free-slow-partial',
    'lifetime',
    'the last object comes back and the slab goes while it is on the partial list',
    [
      edit(
        'slub/stepped/free',
        '    removePartial(cache, slot);\n    count(cache, ctx.cpu, SlubStat.freeRemovePartial);\n  }\n  yield',
        '    count(cache, ctx.cpu, SlubStat.freeRemovePartial);\n  }\n  yield',
      ),
    ],
    [programs('slub'), check('slub: more empty slabs than the node keeps')],
  ),
  own(
    'free-slow-surplus',
    'accounting',
    'an empty slab beyond what the node keeps is kept all the same',
    [
      edit(
        'slub/stepped/free',
        'const surplus = cache.node[NodeWord.nrPartial]! >= cache.minPartial;',
        'const surplus = cache.node[NodeWord.nrPartial]! < 0;',
      ),
    ],
    [check('slub: more empty slabs than the node keeps')],
    ['the node keeps no more empty slabs than it may'],
  ),
  own(
    'deactivate-count',
    'accounting',
    'a slab that a CPU gives up counts its free objects as in use',
    [
      edit(
        'slub/stepped/deactivate',
        'const counters = changeInUse(oldCounters, -free) & ~FROZEN;',
        'const counters = oldCounters & ~FROZEN;',
      ),
    ],
    [programs('slub')],
  ),
  own(
    'deactivate-race',
    'interleaving',
    'a remote free that comes while a slab is given up is overwritten',
    [
      edit(
        'slub/stepped/deactivate',
        'frames.owner1[slot] !== oldFreelist || frames.owner2[slot] !== oldCounters',
        'oldFreelist < 0',
      ),
    ],
    [scenario('slub-remote-free')],
  ),
  own(
    'flush-partial',
    'lifetime',
    'a CPU that gives its slabs up forgets its partial list',
    [
      edit(
        'slub/stepped/flush',
        'if (partial !== 0) yield* unfreezePartials',
        'if (partial < 0) yield* unfreezePartials',
      ),
    ],
    [programs('slub')],
  ),
  own(
    'unfreeze-frozen',
    'logic',
    "a slab that goes from a CPU's partial list to the node's stays frozen",
    [
      edit(
        'slub/stepped/partial',
        'frames.owner2[slot] = counters & ~FROZEN;',
        'frames.owner2[slot] = counters;',
      ),
    ],
    [programs('slub')],
  ),
  own(
    'acquire-in-use',
    'accounting',
    'the slab that an allocation takes off the partial list does not count its objects as in use',
    [
      edit(
        'slub/stepped/partial',
        'frames.owner2[slot] = object === 0 ? allInUse(counters) : counters | FROZEN;',
        'frames.owner2[slot] = counters | FROZEN;',
      ),
    ],
    [programs('slub')],
  ),
  own(
    'new-slab-uncounted',
    'accounting',
    'a new slab does not join the count of slabs',
    [
      edit(
        'slub/stepped/new-slab',
        '  cache.node[NodeWord.nrSlabs]! += 1;',
        '  cache.node[NodeWord.nrSlabs]! += 0;',
      ),
    ],
    [programs('slub')],
  ),
  own(
    'hardened-swap',
    'logic',
    'a hardened free pointer is written without the swapped address',
    [
      edit(
        'slub/free-pointer',
        '    low ^= cache.secretLow ^ swap(wide ? highOf(cache, slabPfn, at) : lowOf(cache, slabPfn, at));\n    if (wide) high ^= cache.secretHigh ^ swap(lowOf(cache, slabPfn, at));\n  }\n  words[word] = low;',
        '    low ^= cache.secretLow;\n    if (wide) high ^= cache.secretHigh;\n  }\n  words[word] = low;',
      ),
    ],
    [programs('slub', { hardenedFreelist: 6 })],
  ),
  own(
    'free-pointer-in-use',
    'logic',
    'the free pointer of a cache with a constructor lies in the object, over what the constructor wrote',
    [
      edit(
        'slub/slub-geometry',
        '(flags & (SLAB_TYPESAFE_BY_RCU | SLAB_POISON)) !== 0 || hasCtor',
        '(flags & (SLAB_TYPESAFE_BY_RCU | SLAB_POISON)) !== 0',
      ),
    ],
    [programs('slub')],
    ['an object is as its constructor left it'],
  ),
  own(
    'offline-cpu',
    'lifetime',
    'what a CPU kept of a cache when it went away is not given back',
    [
      edit(
        'slub/stepped/flush',
        'yield* flushCpu(ctx, cache, cpu);',
        'if (cpu < 0) yield* flushCpu(ctx, cache, cpu);',
      ),
    ],
    [programs('slub'), scenario('slub-cpu-offline')],
    ['a CPU that is offline holds nothing'],
  ),
  own(
    'rcu-slab',
    'lifetime',
    'a slab of a typesafe cache is given back without a grace period',
    [
      edit(
        'slub/stepped/new-slab',
        'if (!cache.byRcu) return yield* freeSlabPages',
        'if (slot > 0) return yield* freeSlabPages',
      ),
    ],
    [programs('slub')],
    [TYPESAFE],
  ),
  own(
    'rcu-early',
    'lifetime',
    'slabs that wait for a grace period go back before it has ended',
    [edit('slub/stepped/new-slab', '  yield gracePeriod;\n  for (const slot', '  for (const slot')],
    [scenario('slub-typesafe')],
    [TYPESAFE],
  ),
  own(
    'rcu-late-list',
    'interleaving',
    'which slabs a grace period frees is looked up when it has ended: slabs given up meanwhile go with them',
    [
      edit(
        'slub/stepped/new-slab',
        '  yield rmw(system.rcuCell);\n  const slots',
        '  yield gracePeriod;\n  yield rmw(system.rcuCell);\n  const slots',
      ),
      edit('slub/stepped/new-slab', '  yield gracePeriod;\n  for (const slot', '  for (const slot'),
    ],
    [scenario('slub-typesafe')],
    [TYPESAFE],
  ),
  own(
    'rcu-caches',
    'interleaving',
    'a destroyed typesafe cache joins a list that a grace period has taken meanwhile: its directory stays for ever',
    [
      edit('slub/stepped/destroy', 'const { register } = system;', 'const { register, rcuCaches } = system;'),
      edit('slub/stepped/destroy', '  system.rcuCaches.push(cache);', '  rcuCaches.push(cache);'),
    ],
    [scenario('slub-typesafe-destroy')],
    ['a destroyed cache has no directory once a grace period has passed'],
  ),
];

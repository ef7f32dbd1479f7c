import type { Hunt } from '../hunt/hunt.js';
import type { Edit, Mutant } from '../mutant.js';
import { AGREE, BUG, COUNTERS, CRASH, edit, scenario } from './hunts.js';

const own = (
  id: string,
  mechanism: string,
  edits: readonly Edit[],
  hunts: readonly Hunt[],
  breaks: readonly string[],
): Mutant => ({ id, history: 'ours', kind: 'interleaving', mechanism, breaks, edits, hunts });

/** What a wrong count of a block's references breaks, sooner or later. */
const FRAGMENTS = [
  'references of the block = bias + fragments alive',
  'no fragment overlaps another',
  'free + isolated + taken pages = managed pages',
  COUNTERS,
  AGREE,
  BUG,
  CRASH,
];

/** What only a race shows: CPUs that go offline, fragments, caches that come and go. */
export const OWN_RACES: readonly Mutant[] = [
  own(
    'slub-offline-early',
    'what a CPU kept is given back before its tasks have left it',
    [
      edit('slub/stepped/flush', '  yield cpuDown(cpu);\n  yield* flushDeadCpu', '  yield* flushDeadCpu'),
      edit(
        'slub/stepped/flush',
        '  for (const cache of register.caches.toReversed()) yield* flushCpu(ctx, cache, cpu);\n',
        '  for (const cache of register.caches.toReversed()) yield* flushCpu(ctx, cache, cpu);\n  yield cpuDown(cpu);\n',
      ),
    ],
    [scenario('slub-cpu-offline-busy')],
    ['a CPU that is offline holds no slab'],
  ),
  own(
    'buddy-offline-early',
    'the lists of a CPU are drained before its tasks have left it',
    [
      edit('buddy/stepped/cpu-hotplug', '  yield cpuDown(cpu);\n', ''),
      edit('buddy/stepped/cpu-hotplug', '  }\n  updateFloors(pages);\n', '  }\n  yield cpuDown(cpu);\n'),
    ],
    [scenario('buddy-cpu-offline')],
    ['a CPU that is offline holds no pages'],
  ),
  own(
    'buddy-free-cpu',
    'a free chooses the lists of its CPU before it has interrupts off, and may be elsewhere when it locks them',
    [
      edit(
        'buddy/stepped/free-pages',
        '  const { flags } = pages.frames;\n  flags[slot] = flags[slot]! & KEPT;\n  yield irqSave;\n  const set = (ctx.cpu << 3) | (info >> 3);\n  const locked = yield tryLock(pages.pcpLockCell + set);\n',
        '  const { flags } = pages.frames;\n  flags[slot] = flags[slot]! & KEPT;\n  const set = (ctx.cpu << 3) | (info >> 3);\n  const locked = yield tryLock(pages.pcpLockCell + set);\n  yield irqSave;\n',
      ),
    ],
    [scenario('buddy-cpu-offline')],
    ['a CPU that is offline holds no pages'],
  ),
  own(
    'frag-late-look',
    'whether a used up block has other users is looked at after its references have been given up',
    [
      edit(
        'page-frag/stepped/page-frag',
        '    frames.refcount[slot]! -= cache.pagecntBias;\n',
        '    frames.refcount[slot]! -= cache.pagecntBias;\n    yield read(cache.pages.refcountCell + (slot & 255));\n',
      ),
    ],
    [scenario('page-frag-refill')],
    FRAGMENTS,
  ),
  own(
    'frag-refill-irqs',
    'a refill lets interrupts in, although its caller holds them off: a handler gives the same references back again',
    [
      edit(
        'page-frag/stepped/page-frag',
        "import { type Context, type Steps, read, rmw, write } from '@mm/steps/stepped';",
        "import { type Context, type Steps, irqRestore, irqSave, read, rmw, write } from '@mm/steps/stepped';",
      ),
      edit(
        'page-frag/stepped/page-frag',
        '  yield write(cache.cell);\n  cache.size = size;\n',
        '  yield irqRestore;\n  yield read(cache.cell);\n  yield irqSave;\n  yield write(cache.cell);\n  cache.size = size;\n',
      ),
    ],
    [scenario('page-frag-interrupt')],
    ['references of a used up block = fragments alive', ...FRAGMENTS],
  ),
  own(
    'slub-surplus-twice',
    'whether an emptied slab is one too many is asked again once it is off its list: a write to min_partial changes the answer',
    [
      edit(
        'slub/stepped/free',
        '  if (!surplus) return;\n  count(cache, ctx.cpu, SlubStat.freeSlab);\n  yield* discardSlab',
        '  if (!surplus || cache.node[NodeWord.nrPartial]! + 1 < cache.minPartial) return;\n  count(cache, ctx.cpu, SlubStat.freeSlab);\n  yield* discardSlab',
      ),
    ],
    [scenario('sysfs-write-min-partial')],
    [AGREE],
  ),
  own(
    'slub-shrink-unlocked',
    'a shrink sorts the partial list without its lock, while the last object of a slab on it is freed',
    [
      edit('slub/stepped/shrink', '  yield lock(cache.listLockCell);\n', ''),
      edit('slub/stepped/shrink', '  yield unlock(cache.listLockCell);\n', ''),
    ],
    [scenario('sysfs-write-shrink')],
    [AGREE, BUG, CRASH],
  ),
  own(
    'slab-tune-without-waiting',
    'new arrays are in place, and the old ones emptied while a CPU with interrupts off still works on its own',
    [edit('slab/stepped/tune', '  yield* eachCpu(ctx, onlineCpus(system), answerIpi);\n', '')],
    [scenario('slabinfo-write')],
    [AGREE, BUG, CRASH],
  ),
  own(
    'caches-create-mutex',
    'a cache is sought and made without slab_mutex: one that is being shut down gets a user',
    [
      edit('kmem/stepped/cache-create', '  yield lock(register.mutex);\n', ''),
      edit('kmem/stepped/cache-create', '  yield unlock(register.mutex);\n', ''),
    ],
    [scenario('caches-alias-destroy')],
    ['a cache that somebody uses is alive'],
  ),
];

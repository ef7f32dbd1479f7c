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

/** What only a race shows: CPUs that go offline, fragments, caches that come and go. */
export const OWN_RACES: readonly Mutant[] = [
  own(
    'slub-offline-early',
    'what a CPU kept is given back before its tasks have left it',
    [
      edit(
        'slub/stepped/flush',
        '  yield cpuDown(cpu);\n  system.online[cpu] = 0;\n',
        '  system.online[cpu] = 0;\n',
      ),
      edit(
        'slub/stepped/flush',
        '  for (const cache of register.caches) yield* flushCpu(ctx, cache, cpu);\n',
        '  for (const cache of register.caches) yield* flushCpu(ctx, cache, cpu);\n  yield cpuDown(cpu);\n',
      ),
    ],
    [scenario('slub-cpu-offline-busy')],
    ['a CPU that is offline holds no slab'],
  ),
  own(
    'buddy-offline-early',
    'the lists of a CPU are drained before its tasks have left it',
    [
      edit('buddy/stepped/drain', '  yield cpuDown(cpu);\n', ''),
      edit('buddy/stepped/drain', '  }\n  updateFloors(pages);\n', '  }\n  yield cpuDown(cpu);\n'),
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
    [
      'references of the block = bias + fragments alive',
      'no fragment overlaps another',
      'free + isolated + taken pages = managed pages',
      COUNTERS,
      AGREE,
      BUG,
      CRASH,
    ],
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

import type { Hunt } from '../hunt/hunt.js';
import type { Edit, Mutant, MutantKind } from '../mutant.js';
import { AGREE, MISCOUNT, OVERLAP, TYPESAFE, check, edit, programs, scenario } from './hunts.js';

const own = (
  id: string,
  kind: MutantKind,
  mechanism: string,
  edits: readonly Edit[],
  hunts: readonly Hunt[] = [programs('slab')],
  breaks: readonly string[] = [AGREE, MISCOUNT, OVERLAP],
): Mutant => ({ id: `slab-${id}`, history: 'ours', kind, mechanism, breaks, edits, hunts });

/** Lines of SLAB's fast and slow paths. */
export const OWN_SLAB: readonly Mutant[] = [
  own('alloc-avail', 'logic', 'the fast path of alloc leaves the object in the array', [
    edit('slab/stepped/alloc', '    words[AVAIL] = avail - 1;', '    words[AVAIL] = avail;'),
  ]),
  own(
    'alloc-zero',
    'logic',
    'an allocation does not zero',
    [
      edit(
        'slab/stepped/alloc',
        'if ((gfp & ZERO) !== 0) zeroObject',
        'if ((gfp & ZERO) !== 0 && gfp < 0) zeroObject',
      ),
    ],
    undefined,
    ['an object asked for with __GFP_ZERO is zero'],
  ),
  own(
    'refill-array',
    'interleaving',
    'an array that was exchanged while its owner waited for a new slab is filled all the same',
    [
      edit(
        'slab/stepped/alloc',
        '    array = cache.arrays[ctx.cpu]!;\n    batch = Math.min',
        '    batch = Math.min',
      ),
    ],
    [programs('slab', {}, 'interleaved')],
  ),
  own('refill-count', 'accounting', 'a refill does not take its objects off the count of free ones', [
    edit(
      'slab/stepped/alloc',
      '  node[NodeWord.freeObjects]! -= array.words[AVAIL]!;',
      '  node[NodeWord.freeObjects]! -= 0;',
    ),
  ]),
  own('transfer-start', 'logic', 'a transfer copies the oldest entries and drops the newest', [
    edit('slab/stepped/alloc', 'const start = from.words[AVAIL]! - count;', 'const start = 0 * count;'),
    edit(
      'slab/stepped/alloc',
      '  from.words[AVAIL] = start;',
      '  from.words[AVAIL] = from.words[AVAIL]! - count;',
    ),
  ]),
  own('transfer-limit', 'logic', 'a transfer fills an array beyond its limit', [
    edit(
      'slab/stepped/alloc',
      'Math.min(from.words[AVAIL]!, most, to.words[LIMIT]! - held)',
      'Math.min(from.words[AVAIL]!, most + 1)',
    ),
  ]),
  own('free-full', 'logic', 'an object that is freed to a full array overwrites the newest', [
    edit(
      'slab/stepped/free',
      'const avail = words[AVAIL]!;\n  array.entries',
      'const avail = Math.min(words[AVAIL]!, words[LIMIT]! - 1);\n  array.entries',
    ),
    edit(
      'slab/stepped/free',
      'if (words[AVAIL]! >= words[LIMIT]!) yield*',
      'if (words[AVAIL]! > words[LIMIT]!) yield*',
    ),
  ]),
  own('flush-drop', 'logic', 'entries that go to the shared array stay in the own one', [
    edit('slab/stepped/free', '  dropEntries(array, batch);', '  dropEntries(array, batch - 1);'),
  ]),
  own('flush-entries', 'logic', 'the shared array gets the entries behind those that are dropped', [
    edit(
      'slab/stepped/free',
      'shared.entries[at + i] = entries[i]!;',
      'shared.entries[at + i] = array.entries[i + 1]!;',
    ),
  ]),
  own('take-index', 'logic', 'objects are taken from a slab by position, not by the index list', [
    edit(
      'slab/slab-objects',
      'first + byteAt(words, start | (at & 4095)) * size',
      'first + (active + taken - (end - at)) * size',
    ),
  ]),
  own('take-active', 'accounting', 'what is taken from a slab is not counted as active', [
    edit('slab/slab-objects', '(active + taken);', 'Math.min(active + taken, num - 1);'),
  ]),
  own('fix-list', 'logic', 'a slab that became full goes to the partial list', [
    edit(
      'slab/slab-objects',
      'full ? NodeWord.fullFirst : NodeWord.partialFirst',
      'full && cache.num < 0 ? NodeWord.fullFirst : NodeWord.partialFirst',
    ),
  ]),
  own('return-free-slabs', 'accounting', 'a slab whose last object came back is not counted as free', [
    edit(
      'slab/slab-objects',
      '    addSlab(cache, NodeWord.freeFirst, slot, false);\n    node[NodeWord.freeSlabs]! += 1;',
      '    addSlab(cache, NodeWord.freeFirst, slot, false);',
    ),
  ]),
  own('return-limit', 'accounting', 'a free slab that is given back stays in the count of slabs', [
    edit('slab/slab-objects', '    node[NodeWord.totalSlabs]! -= 1;\n', ''),
  ]),
  own('grow-colour', 'logic', 'the colour of a slab runs beyond what is left of it', [
    edit(
      'slab/stepped/grow',
      'if (colour >= cache.colour) colour = 0;',
      'if (colour > cache.colour * 4 + 8) colour = 0;',
    ),
  ]),
  own(
    'drain-shared',
    'lifetime',
    'a shrink leaves the shared array as it is',
    [
      edit(
        'slab/stepped/drain',
        '  yield* drainArray(ctx, cache, null, true);\n',
        '  if (cache.sharedArray === undefined) yield* drainArray(ctx, cache, null, true);\n',
      ),
    ],
    [programs('slab')],
    ['a cache without objects can be destroyed', AGREE],
  ),
  own(
    'drain-shared-early',
    'interleaving',
    'a shrink looks which array is shared before it has the lock: who tunes the cache gives the same objects back',
    [
      edit(
        'slab/stepped/drain',
        '  yield* drainArray(ctx, cache, null, true);\n',
        '  yield* drainArray(ctx, cache, cache.sharedArray, true);\n',
      ),
    ],
    [scenario('slab-shrink-tune')],
  ),
  own(
    'off-slab-list',
    'lifetime',
    'the index list of a slab that is given back leaks',
    [
      edit(
        'slab/stepped/grow',
        'if (cache.offSlab) yield* slabFree(',
        'if (cache.offSlab && slot < 0) yield* slabFree(',
      ),
    ],
    [check('slab: caches with their index lists elsewhere')],
    ['objects in use = slabs whose index lists they are'],
  ),
  own(
    'rcu-slab',
    'lifetime',
    'a slab of a typesafe cache is given back without a grace period',
    [edit('slab/stepped/grow', '  if (cache.byRcu) {', '  if (cache.byRcu && slot < 0) {')],
    [programs('slab')],
    [TYPESAFE],
  ),
  own(
    'rcu-early',
    'lifetime',
    'slabs that wait for a grace period go back before it has ended',
    [edit('slab/stepped/grow', '  yield gracePeriod;\n  for (const slot', '  for (const slot')],
    [scenario('slab-typesafe')],
    [TYPESAFE],
  ),
];

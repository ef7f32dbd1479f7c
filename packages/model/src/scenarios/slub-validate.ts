import { SLAB_CONSISTENCY_CHECKS, SLAB_POISON, SLAB_RED_ZONE, SLAB_STORE_USER } from '@mm/kmem';
import { validateCache } from '@mm/slub/stepped';
import { Context, type Steps } from '@mm/steps';

import { ModelViolation } from '../model-violation.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlubWorld, allocTask, freeTask, isExempt } from './slub-world.js';

const DEBUG = SLAB_CONSISTENCY_CHECKS | SLAB_POISON | SLAB_RED_ZONE | SLAB_STORE_USER;

/** Checking every object of a debugged cache while it is in use. */
export const slubValidate: NamedScenario = {
  name: 'slub-validate',
  purpose: 'a write to sysfs `validate`, which looks at every object, while others allocate and free',
  functions: ['validate_slab_cache', 'alloc_debug_processing', 'free_debug_processing'],
  holds: ['nothing is reported when nothing is wrong', 'objects in use = objects held'],
  kills: [14],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, bytes: 512, flags: DEBUG });
    const taken = world.take(0, 4);
    const freed = taken.slice(0, operations);
    world.hold(taken.slice(operations));
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 1) return { ctx, name: 'validate', steps: validateTask(world, ctx, operations) };
          if (cpu === 0) return { ctx, name: 'free', steps: freeTask(world, ctx, freed) };
          return { ctx, name: 'alloc', steps: allocTask(world, ctx, operations) };
        }),
      {
        footprint: { roots: { pages: world.small.pages, slub: world.slub }, exempt: isExemptHere },
        check: () => {
          const said = world.small.log.lines.filter(({ text }) => text.startsWith('BUG'));
          if (said.length > 0)
            throw new ModelViolation('nothing is reported when nothing is wrong', said[0]!.text);
        },
        sometimes: {
          'looked at after an object had come back': () => world.notes.has('after'),
          'looked at before it came back': () => world.notes.has('before'),
        },
      },
    );
    return { cpus, make };
  },
};

/**
 * A free clears the pointer of its object before it takes the lock, while a validation looks at it: both what was there and
 * what comes are good. @see linux 6.1 mm/slub.c slab_free_freelist_hook
 */
const isExemptHere = (path: string, key: string | number): boolean =>
  isExempt(path, key) || path.startsWith('slub.memory.chunks');

function* validateTask(world: SlubWorld, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) {
    yield* validateCache(ctx, world.cache);
    // Both work under the list lock, so what has been freed by now was free then.
    world.notes.add(world.freed > 0 ? 'after' : 'before');
  }
}

import { SlubStat } from '@mm/slub';
import { slubAlloc, slubFree } from '@mm/slub/stepped';
import { Context, type Steps } from '@mm/steps';
import { GFP_ATOMIC } from '@mm/zones';

import { ModelViolation } from '../model-violation.js';
import { type NamedScenario, SMALL, THREE_CPUS } from './scenario.js';
import { SlubWorld, allocTask } from './slub-world.js';

/** An interrupt handler that allocates and frees in the middle of the slow path. */
export const slubInterrupt: NamedScenario = {
  name: 'slub-interrupt',
  purpose:
    'an interrupt handler that takes an object and frees another, anywhere in an allocation of its CPU',
  functions: ['slab_alloc_node', '___slab_alloc', 'do_slab_free'],
  holds: ['no object is handed out twice', 'objects in use = objects held'],
  kills: [8, 9],
  sizes: [SMALL, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 4 });
    // CPU 0's slab is full: the allocation needs the slow path.
    const taken = world.take(0, 4);
    world.hold(taken.slice(1));
    const make = world.run(
      () => {
        const user = new Context(0);
        const handler = new Context(0);
        const tasks = [
          { ctx: user, name: 'alloc', pinned: true, steps: allocTask(world, user, operations) },
          { ctx: handler, name: 'interrupt', interrupt: true, steps: handle(world, handler, taken[0]!) },
        ];
        if (cpus < 3) return tasks;
        const second = new Context(0);
        tasks.push({ ctx: second, name: 'second', interrupt: true, steps: handle(world, second, null) });
        return tasks;
      },
      {
        sometimes: {
          'the handler came before the allocation was through': () =>
            world.held.length === 4 && world.stat(SlubStat.allocSlowpath) > 0,
          'the object was freed by the slow path': () => world.stat(SlubStat.freeSlowpath) > 0,
        },
      },
    );
    return { cpus, make };
  },
};

/** Frees an object, then takes one and keeps it. */
function* handle(world: SlubWorld, ctx: Context, object: number | null): Steps<void> {
  if (object !== null) yield* slubFree(ctx, world.cache, object);
  const got = yield* slubAlloc(ctx, world.cache, GFP_ATOMIC);
  if (got === null) throw new ModelViolation('an allocation does not fail while memory is free', 'it did');
  world.held.push(got);
}

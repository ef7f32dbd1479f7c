import { allocPages } from '@mm/buddy';
import { freePages } from '@mm/buddy/stepped';
import { createMachine } from '@mm/machine';
import { Context, type Steps } from '@mm/steps';
import { rmw } from '@mm/steps/stepped';
import { GFP_KERNEL, __GFP_COMP } from '@mm/zones';

import { freeOf } from './buddy-checks.js';
import { hold } from './check.js';
import type { OwnScenario } from './scenarios.js';
import { tasksOf } from './slub-bench.js';

const ORDER = 2;

/** Races of the page allocator that the model's library does not have. */
export const BUDDY_SCENARIOS: Readonly<Record<string, OwnScenario>> = {
  'buddy: a speculative reference to a compound block': {
    scenario: {
      cpus: 2,
      make() {
        const machine = createMachine({ ramBytes: '16M', cpus: 2 });
        const { pages, frames } = machine;
        const before = freeOf(machine);
        const pfn = allocPages(new Context(), pages, GFP_KERNEL | __GFP_COMP, ORDER)!;
        const slot = frames.slotOf(pfn);
        // As the page cache does it: a page that has references gets one more, and loses it again.
        function* speculate(ctx: Context): Steps<void> {
          yield rmw(pages.refcountCell + (slot & 255));
          if (frames.refcount[slot] === 0) return;
          frames.refcount[slot]! += 1;
          yield* freePages(ctx, pages, pfn, ORDER);
        }
        return {
          cells: machine.cells,
          tasks: tasksOf([
            [0, 'frees', (ctx) => freePages(ctx, pages, pfn, ORDER)],
            [1, 'speculates', speculate],
          ]),
          check: () => hold('with the last reference all pages of a block are free', freeOf(machine), before),
        };
      },
    },
  },
};

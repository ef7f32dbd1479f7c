import { buildAllZonelists } from '@mm/buddy/stepped';
import type { ScenarioTask } from '@mm/interleave';
import { Context, type Steps } from '@mm/steps';
import { GFP_ATOMIC } from '@mm/zones';

import { PagesWorld, allocPagesTask } from './pages-world.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';

/** Zonelists that are made anew under who walks them. */
export const buddyZonelists: NamedScenario = {
  name: 'buddy-zonelists',
  purpose:
    'the zonelists are made anew while an allocation below the low watermark walks one, and an interrupt handler allocates',
  functions: [
    '__build_all_zonelists',
    'zonelist_iter_begin',
    'check_retry_zonelist',
    'get_page_from_freelist',
  ],
  holds: ['an allocation does not fail while memory is free', 'no interrupt handler waits for its own CPU'],
  kills: [28],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    // Always below the low watermark, and above the least: the slow path finds a page.
    const world = new PagesWorld({ cpus, warm: 0, wmark: [0, 1000] });
    const { pages, notes } = world;
    const make = world.run(
      () => {
        const [builder, handler] = [new Context(0), new Context(0)];
        const tasks: ScenarioTask[] = [
          { ctx: builder, name: 'build', steps: buildTask(world, builder, operations) },
          {
            ctx: handler,
            name: 'handler',
            interrupt: true,
            steps: allocPagesTask(world, handler, 0, 1, GFP_ATOMIC),
          },
        ];
        for (let cpu = 1; cpu < cpus; cpu++) {
          const ctx = new Context(cpu);
          tasks.push({ ctx, name: `alloc ${cpu}`, steps: takeTask(world, ctx, operations) });
        }
        return tasks;
      },
      {
        sometimes: {
          'a walk found the list empty': () => pages.zonelists[0] === 255 && notes.has('walks'),
          'the lists were made anew first': () => notes.has('made') && world.held.length === 0,
        },
      },
    );
    return { cpus, make };
  },
};

function* buildTask(world: PagesWorld, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) yield* buildAllZonelists(ctx, world.pages);
  world.notes.add('made');
}

function* takeTask(world: PagesWorld, ctx: Context, count: number): Steps<void> {
  world.notes.add('walks');
  yield* allocPagesTask(world, ctx, 0, count);
  world.notes.delete('walks');
}

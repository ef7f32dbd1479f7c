import { PcpWord, pcpAt } from '@mm/buddy';
import { pageAllocCpuDead } from '@mm/buddy/stepped';
import { Context, type Steps } from '@mm/steps';

import { ModelViolation } from '../model-violation.js';
import { PagesWorld, allocPagesTask, freePagesTask } from './pages-world.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';

/** The CPU that goes. */
const GONE = 1;

/** A CPU goes in the middle of an allocation and a free that use its lists. */
export const buddyCpuOffline: NamedScenario = {
  name: 'buddy-cpu-offline',
  purpose:
    'a CPU goes offline, and its lists are drained, between the steps of a task that frees to them and allocates from them',
  functions: ['takedown_cpu', 'page_alloc_cpu_dead', 'drain_pages', 'free_unref_page', 'rmqueue_pcplist'],
  holds: ['a CPU that is offline holds no pages', 'free + held pages = managed pages'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new PagesWorld({ cpus, warm: 2 });
    const taken = world.take(GONE, 0, operations);
    const make = world.run(
      () => {
        const [hotplug, user, other] = [new Context(0), new Context(GONE), new Context(2)];
        const tasks = [
          { ctx: hotplug, name: 'unplug', steps: pageAllocCpuDead(hotplug, world.pages, GONE) },
          { ctx: user, name: 'free, alloc', steps: freeThenAlloc(world, user, taken, operations) },
        ];
        if (cpus > 2)
          tasks.push({ ctx: other, name: 'alloc', steps: allocPagesTask(world, other, 0, operations) });
        return tasks;
      },
      {
        sometimes: {
          'the task was moved in the middle': () => world.notes.has('moved'),
          'the task ended before the CPU went': () => world.notes.has('stayed'),
        },
        check: () => {
          const at = pcpAt(GONE, 0);
          const { pcpState } = world.pages;
          if (pcpState[at + PcpWord.count] !== 0 || pcpState[at + PcpWord.freeDiff] !== 0)
            throw new ModelViolation(
              'a CPU that is offline holds no pages',
              `${pcpState[at + PcpWord.count]} pages, ${pcpState[at + PcpWord.freeDiff]} not yet counted`,
            );
        },
      },
    );
    return { cpus, make };
  },
};

function* freeThenAlloc(
  world: PagesWorld,
  ctx: Context,
  taken: ReturnType<PagesWorld['take']>,
  count: number,
): Steps<void> {
  yield* freePagesTask(world, ctx, taken);
  const between = ctx.cpu;
  yield* allocPagesTask(world, ctx, 0, count);
  if (between === GONE) world.notes.add(ctx.cpu === GONE ? 'stayed' : 'moved');
}

import { PcpWord, pcpAt } from '@mm/buddy';
import { zonePcpDisable, zonePcpEnable } from '@mm/buddy/stepped';
import { Context, type Steps, unlock } from '@mm/steps';

import { ModelViolation } from '../model-violation.js';
import { PagesWorld, allocPagesTask, freePagesTask } from './pages-world.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';

/** Turning per-cpu lists off under an allocation and a free. */
export const buddyPcpDisable: NamedScenario = {
  name: 'buddy-pcp-disable',
  purpose: 'the per-cpu lists are turned off and drained while CPUs fill, use and overflow theirs',
  functions: ['zone_pcp_disable', 'pageset_update', 'drain_pages_zone', '__rmqueue_pcplist', 'nr_pcp_free'],
  holds: ['lists that are turned off end empty', 'no more pages are given back than are on the lists'],
  kills: [24, 25],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new PagesWorld({ cpus, warm: 0, batch: 2, high: 8 });
    const taken = world.take(0, 0, operations);
    // The lists are empty: the next allocation takes a batch from the zone.
    world.drain();
    if (cpus === 2) world.held.push(...taken);
    const before = world.held.length + operations;
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 0) return { ctx, name: 'alloc', steps: allocPagesTask(world, ctx, 0, operations) };
          if (cpu === 1) return { ctx, name: 'disable', steps: disableTask(world, ctx, operations) };
          return { ctx, name: 'free', steps: freePagesTask(world, ctx, taken) };
        }),
      {
        check: () => checkEmpty(world),
        sometimes: {
          'there were pages to drain': () => world.onCpu(0) > 0 && isOff(world),
          'the lists were off before they were used': () => isOff(world) && world.held.length < before,
        },
      },
    );
    return { cpus, make };
  },
};

/** Turns the lists off, and on again between two rounds; in the end they stay off. */
function* disableTask(world: PagesWorld, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) {
    yield* zonePcpDisable(ctx, world.pages, 0);
    if (i + 1 < rounds) yield* zonePcpEnable(ctx, world.pages, 0);
  }
  yield unlock(world.pages.pcpBatchHighLock);
}

const isOff = (world: PagesWorld): boolean => world.pages.pcpState[pcpAt(0, 0) + PcpWord.high] === 0;

function checkEmpty(world: PagesWorld): void {
  const { pages } = world;
  for (let cpu = 0; cpu < pages.cpus; cpu++)
    if (world.onCpu(cpu) !== 0)
      throw new ModelViolation(
        'lists that are turned off end empty',
        `CPU ${cpu}: ${world.onCpu(cpu)} pages, high ${pages.pcpState[pcpAt(cpu, 0) + PcpWord.high]}`,
      );
}

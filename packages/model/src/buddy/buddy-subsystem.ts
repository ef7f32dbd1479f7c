import type { VmSysctl } from '@mm/zones';
import { VM_SYSCTLS, formatGfp } from '@mm/zones';

import * as erased from '../erased/buddy-commands.js';
import * as stepped from '../stepped/buddy-commands.js';
import type { Command, Op, Subsystem } from '../subsystem.js';
import {
  type BuddyWorld,
  buddyRenewal,
  buddyWorld,
  checkBuddyLocal,
  checkBuddyWhole,
  describeBuddy,
} from './buddy-world.js';
import { allocArguments, bulkArguments, sysctlText } from './op-arguments.js';

type Name = keyof typeof stepped;

const always = (): boolean => true;
const someLive = (world: BuddyWorld): boolean => world.model.live.length > 0;

const allocation = (op: Op): string => {
  const { gfp, order } = allocArguments(op);
  return `${formatGfp(gfp)}, order ${order}`;
};
const which = (op: Op): string => `block #${op.a} mod live`;
const nothing = (): string => '';

/** What the number is that a command answers. */
const ANSWERS: Partial<Record<Name, string>> = {
  allocBlock: 'pfn',
  freeBlock: 'pfn',
  splitBlock: 'pfn',
  isolate: 'pfn',
  unisolate: 'pfn',
};

function command(
  name: Name,
  weight: number,
  enabled: (world: BuddyWorld) => boolean,
  words: (op: Op) => string,
): Command<BuddyWorld> {
  return {
    name,
    weight,
    enabled,
    run: erased[name],
    steps: stepped[name],
    describe: (op) => `${name}(${words(op)})`,
    describeAnswer: (answer) => `${ANSWERS[name] ?? ''} ${answer}`.trim(),
  };
}

/** The page allocator of `@mm/buddy` under random allocations, frees, exhaustion, isolation and sysctl writes. */
export const buddySubsystem: Subsystem<BuddyWorld> = {
  name: 'buddy',
  invariants: {
    command: [
      'no page has two owners',
      'a block is aligned to its size',
      'a block lies inside one zone',
      'a block comes from a zone that the flags allow',
      'an allocation does not fail while enough of the right memory is free',
      'memory asked for with __GFP_ZERO is zero',
      "a block's bytes change only by its owner",
      'a bulk allocation fills from the start',
      'orders above 10 are answered with null',
      'a strict machine refuses a free of the wrong order',
    ],
    local: ['free + per-cpu + held pages = managed', 'counters stay within what they can be'],
    whole: [
      'the structures of the page allocator agree with each other',
      "a block's bytes change only by its owner",
    ],
  },
  commands: [
    command('allocBlock', 400, always, allocation),
    command('freeBlock', 360, someLive, which),
    command(
      'allocBulk',
      20,
      always,
      (op) => `${formatGfp(bulkArguments(op).gfp)}, ${bulkArguments(op).count} pages`,
    ),
    command('splitBlock', 20, someLive, which),
    command('drainLocal', 10, always, nothing),
    command('drainAll', 2, always, nothing),
    command('isolate', 4, always, (op) => `zone #${op.a}, block #${op.b}`),
    command(
      'unisolate',
      4,
      (world) => world.isolated.length > 0,
      (op) => `#${op.a}`,
    ),
    command('exhaust', 8, always, allocation),
    command('release', 10, someLive, (op) => `from #${op.a}`),
    command('allocTooLarge', 2, always, (op) => `order ${11 + (op.a % 8)}`),
    command('misuse', 4, (world) => world.machine.pages.strict && someLive(world), which),
    command('sysctl', 4, always, (op) => {
      const name: VmSysctl = VM_SYSCTLS[op.a % VM_SYSCTLS.length]!;
      return `${name} = ${sysctlText(name, op.b)}`;
    }),
  ],
  faults: () => ['faults'],
  setup: buddyWorld,
  renewal: buddyRenewal,
  cellsOf: (world) => world.machine.cells,
  checkLocal: checkBuddyLocal,
  checkWhole: checkBuddyWhole,
  describeState: describeBuddy,
};

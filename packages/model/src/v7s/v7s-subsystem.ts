import { Prot } from '@iommu/v7s-pgtable';

import * as erased from '../erased/v7s-commands.js';
import * as stepped from '../stepped/v7s-commands.js';
import type { Command, Op, Subsystem, WorldOptions } from '../subsystem.js';
import { WINDOW_PAGES, farAddressOf, oddSizeOf, rangeOf } from './v7s-arguments.js';
import { describeShape, shapeOf, withShape } from './v7s-shapes.js';
import { type V7sWorld, checkV7sWhole, cutAddress, describeV7s, v7sWorld } from './v7s-world.js';

type Name = keyof typeof stepped;

const hex = (value: number): string => `0x${value.toString(16)}`;

function range(op: Op, options: WorldOptions): string {
  const { iova, size, count } = rangeOf(op, shapeOf(options));
  return `${hex(iova)}, ${count} × ${size / 1024} KiB`;
}

function mapping(op: Op, options: WorldOptions): string {
  const { pa, prot } = rangeOf(op, shapeOf(options));
  return `${range(op, options)} to ${hex(pa)}, ${protWords(prot)}`;
}

/** Letters as a mapping's rights are often written, then what kind of memory it is. */
function protWords(prot: number): string {
  const has = (bit: number): boolean => (prot & bit) !== 0;
  const rights = `r${has(Prot.WRITE) ? 'w' : '-'}${has(Prot.NOEXEC) ? '-' : 'x'}`;
  const kind = has(Prot.MMIO) ? ' device' : has(Prot.CACHE) ? ' cached' : '';
  return `${rights}${has(Prot.PRIV) ? ' privileged' : ''}${kind}`;
}

const place = (op: Op, options: WorldOptions): string =>
  `${hex(rangeOf(op, shapeOf(options)).iova)}, ${oddSizeOf(op)} bytes`;
const always = (): boolean => true;

function command(
  name: Name,
  weight: number,
  words: (op: Op, options: WorldOptions) => string,
  enabled: (world: V7sWorld) => boolean = always,
): Command<V7sWorld> {
  return {
    name,
    weight,
    enabled,
    run(world, ctx, op) {
      try {
        return erased[name](world, ctx, op);
      } catch (error) {
        throw cutAddress(error);
      }
    },
    *steps(world, ctx, op) {
      try {
        return yield* stepped[name](world, ctx, op);
      } catch (error) {
        throw cutAddress(error);
      }
    },
    describe: (op, options) => `${name}(${words(op, options)})`,
  };
}

/** The page table of `@iommu/v7s-pgtable` over a slab cache, mixed with traffic that makes memory short. */
export const v7sSubsystem: Subsystem<V7sWorld> = {
  name: 'v7s',
  invariants: {
    command: [
      'a translation leads where the map says',
      'a walk over memory finds what is mapped',
      'a walk finds the rights that were asked for',
      'a walk finds the kind of memory that was asked for',
      'a descriptor holds the whole address of its table',
      'a map that leaves the space is refused',
      'a map over something mapped is refused',
      'a map that fails leaves nothing behind',
      'a map that fails takes nothing away',
      'a map of what is free succeeds',
      'a map does not fail for memory while enough below 4 GiB is free',
      'an unmap takes away all that is mapped',
      'an unmap reports no more than went away',
      'what was unmapped is flushed',
      'an unmap leaves the rest as it was',
      'an address beyond the space has no translation',
      'a page size that the table does not have is refused',
      'a page size that the format does not have is refused',
      'a page size that the format does not have unmaps nothing',
      'no page has two owners',
      'a block is aligned to its size',
      'a block lies inside one zone',
      'a block comes from a zone that the flags allow',
      "a block's bytes change only by its owner",
    ],
    local: [],
    whole: [
      'a descriptor holds the whole address of its table',
      'the structures of the source of tables agree with each other',
      'no table is lost',
      'a translation leads where the map says',
      'a walk over memory finds what is mapped',
      'a walk finds the rights that were asked for',
      'a walk finds the kind of memory that was asked for',
    ],
  },
  commands: [
    command('map', 400, mapping),
    command('unmap', 300, range),
    command('translate', 40, (op) => `page ${op.a % WINDOW_PAGES}`),
    command('translateFar', 4, (op, options) => hex(farAddressOf(op, shapeOf(options)))),
    command('mapOddSize', 4, place),
    command('unmapOddSize', 4, place),
    command('takePages', 12, (op) => `#${op.a}`),
    command(
      'givePages',
      12,
      (op) => `from #${op.a}`,
      (world) => world.buddy.model.live.length > 0,
    ),
  ],
  // Other sources of tables than a cache take no objects.
  faults: ({ tables = 'slab' }) => (tables === 'slab' ? ['faults', 'failslab'] : ['faults']),
  setup: v7sWorld,
  vary: withShape,
  describeWorld: describeShape,
  cellsOf: (world) => world.machine.cells,
  checkLocal() {},
  checkWhole: checkV7sWhole,
  describeState: describeV7s,
};

import { PageFlag, orderOfFlags } from '@mm/memory';

import { type Beginning, undueFailure } from '../buddy/allocation-failure.js';
import { ModelViolation } from '../model-violation.js';
import { tableFrames, tablesInUse } from './v7s-tables.js';
import type { V7sWorld } from './v7s-world.js';

/** Broken by a map that fails for want of a table too early. */
export const ENOUGH = 'a map does not fail for memory while enough below 4 GiB is free';

/**
 * A level 2 table takes one page at most: it must be found while enough memory that it may lie in is free, unless an allocation
 * failed on purpose.
 * @param since what `beginsNow` said when the operation began.
 * @param invariant what breaks when the failure of an operation for want of a table was not due.
 * @throws ModelViolation
 */
export function checkTableFailure(world: V7sWorld, since: Beginning, invariant: string, what: string): void {
  const { machine, buddy, table } = world;
  const { source } = table;
  if (source.kind === 'genalloc') {
    if (source.pool.avail() > 0)
      throw new ModelViolation(invariant, `${what}: the pool has ${source.pool.avail()} bytes`);
    // The pool's block is of order 10: for that the page allocator promises nothing.
    return;
  }
  const gfp = table.ttbrExt ? 0x2800 : machine.preset.config.dma32 ? 0x2804 : 0x2801;
  // What commands hold explains most failures; only else are the pages of tables and slabs counted, of all frames.
  if (undueFailure(buddy, gfp, since) === null) return;
  const { held } = buddy.model;
  const before = [...held];
  holdTables(world);
  const undue = undueFailure(buddy, gfp, since);
  before.forEach((pages, zone) => (held[zone] = pages));
  if (undue !== null) throw new ModelViolation(invariant, `${what}: ${undue}`);
}

/** Counts the pages of slabs and tables as held. */
function holdTables({ machine, buddy, table }: V7sWorld): void {
  const { frames } = machine;
  const { held } = buddy.model;
  const ofTables = tableFrames(machine, table, tablesInUse(machine, table));
  for (let slot = 0; slot < frames.slotCount; slot++)
    if ((frames.flags[slot]! & PageFlag.slab) !== 0 || ofTables.has(slot))
      held[frames.zone[slot]!]! += 2 ** orderOfFlags(frames.flags[slot]!);
}

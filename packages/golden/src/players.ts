import { OptionError, checkText } from '@mm/printk';
import { z } from 'zod';

import { type BuddyTraceCase, playBuddyCase } from './buddy-trace.js';
import { type GenallocCase, playGenallocCase } from './genalloc.js';
import { gfpCase, playGfpCase } from './gfp.js';
import { createErrorsCase, createErrorsTables, playCreateErrors } from './create-errors.js';
import { checkFragmentHandles, checkGenallocHandles, checkPageHandles } from './handle-checks.js';
import { kmallocCase, playKmalloc } from './kmalloc.js';
import { checkSlabPagesHandles, playSlabPages, slabPagesCase, slabPagesTables } from './slab-pages.js';
import { checkBuddyState } from './load-state-checks.js';
import { buddyTraceCase, genallocCase, pageFragCase } from './op-schemas.js';
import { type PageFragCase, playPageFragCase } from './page-frag.js';
import type { Player } from './player.js';
import { playSlubDebug, slubDebugCase, slubDebugTables } from './slub-debug.js';
import { playSlubGeometry, slubGeometryCase, slubGeometryTables } from './slub-geometry.js';
import { playSlubMerge, slubMergeCase, slubMergeTables } from './slub-merge.js';
import { playSlubTrace, slubTraceCase, slubTraceTables } from './slub-trace.js';
import { playSysfsBoot, sysfsBootCase } from './sysfs-boot.js';
import { playSlabGeometry, slabGeometryCase, slabGeometryTables } from './slab-geometry.js';
import { playSlabTrace, slabTraceCase, slabTraceTables } from './slab-trace.js';
import { v7sCase } from './v7s-trace-checks.js';
import type { V7sCase } from './v7s-trace-schema.js';
import { playV7sCase } from './v7s-trace.js';
import { playZonesArchCase, zonesArchCase } from './zones-arch.js';
import { playZonesCase, zonesCase } from './zones.js';

/** The recorded kernel has pageblocks of 1024 pages. */
const PAGEBLOCK_ORDER = 10;

/** A player for every kind of recording that can be played, by kind. */
export const PLAYERS: readonly Player[] = [
  {
    kind: 'buddy-trace',
    schema: buddyTraceCase,
    tables: z.looseObject({ bmini_columns: z.array(z.string()).min(1) }),
    check(recorded, name) {
      checkBuddyState(recorded['before'], PAGEBLOCK_ORDER, `${name}.before`);
      checkPageHandles(recorded, name);
    },
    play: (r, i) => playBuddyCase(r.cases[i] as unknown as BuddyTraceCase),
  },
  {
    kind: 'create-errors',
    schema: createErrorsCase,
    tables: createErrorsTables,
    play: playCreateErrors,
  },
  {
    kind: 'genalloc',
    schema: genallocCase,
    check: checkGenallocHandles,
    play: (r, i) => playGenallocCase(r.cases[i] as unknown as GenallocCase),
  },
  {
    kind: 'gfp',
    schema: gfpCase,
    play: playGfpCase,
  },
  { kind: 'kmalloc', schema: kmallocCase, play: playKmalloc },
  {
    kind: 'page-frag',
    schema: pageFragCase,
    check: checkFragmentHandles,
    play: (r, i) => playPageFragCase(r.cases[i] as unknown as PageFragCase),
  },
  { kind: 'slab-geometry', schema: slabGeometryCase, tables: slabGeometryTables, play: playSlabGeometry },
  { kind: 'slab-trace', schema: slabTraceCase, tables: slabTraceTables, play: playSlabTrace },
  {
    kind: 'slab-pages',
    schema: slabPagesCase,
    tables: slabPagesTables,
    check(recorded, name) {
      checkBuddyState(recorded['before'], PAGEBLOCK_ORDER, `${name}.before`);
      checkSlabPagesHandles(recorded, name);
    },
    play: playSlabPages,
  },
  { kind: 'slub-debug', schema: slubDebugCase, tables: slubDebugTables, play: playSlubDebug },
  { kind: 'slub-geometry', schema: slubGeometryCase, tables: slubGeometryTables, play: playSlubGeometry },
  { kind: 'slub-merge', schema: slubMergeCase, tables: slubMergeTables, play: playSlubMerge },
  { kind: 'slub-trace', schema: slubTraceCase, tables: slubTraceTables, play: playSlubTrace },
  { kind: 'sysfs-boot', schema: sysfsBootCase, play: playSysfsBoot },
  { kind: 'v7s-trace', schema: v7sCase, play: (r, i) => playV7sCase(r.cases[i] as unknown as V7sCase) },
  { kind: 'zones', schema: zonesCase, play: playZonesCase },
  { kind: 'zones-arch', schema: zonesArchCase, play: playZonesArchCase },
];

/**
 * The player for a kind.
 * @throws OptionError naming the file when no player knows the kind.
 * @example
 * playerFor('zones', 'zones.json').play(recording, 0); // null: as Linux did
 */
export function playerFor(kind: string, name: string): Player {
  checkText('name', name);
  const player = PLAYERS.find((known) => known.kind === kind);
  if (player === undefined)
    throw new OptionError(`${name}.kind`, `one of ${PLAYERS.map((known) => known.kind).join(', ')}`, kind);
  return player;
}

import { type SlubCache, SlubSystem, headSlotOf, parseSlubBoot, slubAlloc, slubFree } from '@mm/slub';
import { orderOfFlags } from '@mm/memory';
import { OptionError } from '@mm/printk';
import { Context } from '@mm/steps';
import { z } from 'zod';

import { type BuddyOp, HeldPages, compareResult, playPageOp } from './buddy-trace.js';
import { compareState } from './buddy-trace-compare.js';
import { firstDifference } from './first-difference.js';
import { type BuddyState, buddyStateSchema } from './load-state-schema.js';
import { machineFromState } from './load-state-machine.js';
import { checkPageHandles } from './handle-checks.js';
import type { Mismatch } from './mismatch.js';
import { pageOps } from './op-schemas.js';
import type { Recording } from './read-recording.js';
import { slubStruct } from './slub-struct.js';

const integer = z.number().int();

const slabOps = [
  z.tuple([z.literal('k'), integer, integer.min(0), z.tuple([integer, integer, integer]).nullable()]),
  z.tuple([z.literal('K'), integer.min(0), integer]),
] as const;

/** What a case of a `slab-pages` recording must look like. */
export const slabPagesCase = z.looseObject({
  cmdline: z.string(),
  zonelist: z.array(z.string()),
  caches: z.array(z.record(z.string(), z.union([z.string(), z.number()]))),
  before: buddyStateSchema,
  ops: z.array(z.union([...slabOps, ...pageOps])),
  after: buddyStateSchema,
});

/** The tables of a `slab-pages` recording. */
export const slabPagesTables = z.looseObject({ bmini_columns: z.array(z.string()).min(1) });

/** Throws unless every operation names a cache and handles that are there. */
export function checkSlabPagesHandles(recorded: Readonly<Record<string, unknown>>, name: string): void {
  checkPageHandles(recorded, name);
  const { ops, caches } = recorded as unknown as Case;
  let requested = 0;
  for (const [i, op] of ops.entries()) {
    if (op[0] === 'k') {
      requested++;
      if ((op[2] as number) >= caches.length)
        throw new OptionError(`${name}.ops[${i}][2]`, `a cache of 0 to ${caches.length - 1}`, op[2]);
    }
    if (op[0] === 'K' && (op[1] as number) >= requested)
      throw new OptionError(`${name}.ops[${i}][1]`, `a handle below ${requested}`, op[1]);
  }
}

interface Case {
  readonly cmdline: string;
  readonly zonelist: readonly string[];
  readonly caches: ReadonlyArray<Readonly<Record<string, string | number>>>;
  readonly before: BuddyState;
  readonly ops: readonly BuddyOp[];
  readonly after: BuddyState;
}

/** Flags that the allocator adds itself. */
const PRIVATE_FLAGS = 0xc0000000;

function makeCache(slub: SlubSystem, row: Case['caches'][number], index: number): SlubCache {
  return slub.register.adopt({
    name: `cache-${index}`,
    size: Number(row['object_size']),
    align: Number(row['align']),
    flags: (Number(row['flags']) & ~PRIVATE_FLAGS) >>> 0,
    useroffset: Number(row['useroffset']),
    usersize: Number(row['usersize']),
    ctor: null,
    refcount: 1,
  });
}

/**
 * Plays one case. Input: the state before, the caches' arguments, the operations with theirs. Expectation: the caches'
 * structures, every page frame, object and counter, and the state after.
 */
export function playSlabPages(recording: Recording, index: number): Mismatch | null {
  const recorded = recording.cases[index] as unknown as Case;
  const { pages, cells, log } = machineFromState(recorded.before, {
    zonelist: recorded.zonelist,
    name: 'before',
  });
  const slub = new SlubSystem({
    pages,
    cells,
    boot: parseSlubBoot(recorded.cmdline, log),
    bootCaches: false,
  });
  const caches = recorded.caches.map((row, i) => makeCache(slub, row, i));
  const wrong = firstDifference(
    'caches',
    recorded.caches,
    caches.map((cache) => slubStruct(cache)),
  );
  if (wrong !== null) return wrong;
  const ctx = new Context();
  const held = new HeldPages();
  const objects: Array<{ cache: SlubCache; address: number | null }> = [];
  for (const [i, op] of recorded.ops.entries()) {
    let actual: unknown;
    if (op[0] === 'k') {
      const cache = caches[op[2] as number]!;
      const address = slubAlloc(ctx, cache, op[1] as number);
      objects.push({ cache, address });
      actual = address === null ? null : place(slub, address);
    } else if (op[0] === 'K') {
      const object = objects[op[1] as number];
      actual = object === undefined || object.address === null ? 0 : 1;
      if (object !== undefined && object.address !== null) {
        slubFree(ctx, object.cache, object.address);
        object.address = null;
      }
    } else actual = playPageOp(ctx, pages, held, op);
    const found = compareResult(`ops[${i}]`, op, actual);
    if (found !== null) return found;
  }
  return compareState(pages, recorded.after, 'after');
}

function place({ frames }: SlubSystem, address: number): readonly [number, number, number] {
  const slot = headSlotOf(frames, Math.floor(address / 4096));
  const pfn = frames.pfnOf(slot);
  return [pfn, address - pfn * 4096, orderOfFlags(frames.flags[slot]!)];
}

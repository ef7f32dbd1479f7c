import { z } from 'zod';

import { buddyStateSchema } from './load-state-schema.js';

const count = z.number().int().min(0);
const pfnItem = z.union([count, z.tuple([count, z.number().int(), z.number().int().min(1)])]);
const bit = z.union([z.literal(0), z.literal(1)]);

/** The operations on pages of `buddy-trace` and `slab-pages` cases. */
export const pageOps = [
  z.tuple([z.literal('p'), count, count, count.nullable()]),
  z.tuple([z.literal('q'), count, bit]),
  z.tuple([z.literal('x'), count, count, count, z.array(pfnItem)]),
  z.tuple([z.literal('X'), count, count]),
  z.tuple([z.literal('d'), z.literal(1)]),
  z.tuple([z.literal('c'), z.record(z.string(), z.array(z.number().int()))]),
] as const;

/** A case of a `buddy-trace` recording. */
export const buddyTraceCase = z.looseObject({
  zonelist: z.array(z.string()).min(1),
  before: buddyStateSchema,
  ops: z.array(z.union(pageOps)),
  after: buddyStateSchema,
});

const text = z.string();
const taken = z.tuple([text, text.nullable(), count]);

/** A case of a `genalloc` recording. */
export const genallocCase = z.looseObject({
  min_alloc_order: z.number().int().min(0).max(31),
  ops: z.array(
    z.union([
      z.tuple([z.literal('add'), count, count, count, z.number().int()]),
      z.tuple([z.literal('algo'), z.enum(['first_fit', 'best_fit', 'order_align']), z.literal(0)]),
      z.tuple([z.literal('alloc'), count, taken]),
      z.tuple([z.literal('align'), count, count, taken]),
      z.tuple([z.literal('fixed'), count, count, taken]),
      z.tuple([z.literal('free'), count, z.tuple([bit, count])]),
      z.tuple([z.literal('has'), count, count, bit]),
      z.tuple([z.literal('size'), z.tuple([count, count])]),
    ]),
  ),
});

const fragment = z.looseObject({ r: z.tuple([count, count]).nullable() });

/** A case of a `page-frag` recording. */
export const pageFragCase = z.looseObject({
  ops: z.array(
    z.union([
      z.tuple([z.literal('a'), count, count, fragment]),
      z.tuple([z.literal('f'), count, z.looseObject({})]),
      z.tuple([z.literal('d'), z.looseObject({})]),
    ]),
  ),
});

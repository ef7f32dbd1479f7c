import { z } from 'zod';

/** Slots of the largest table, of 34 bits of address. */
const SLOTS_MAX = 2 ** 14;
/** Pages of 4 KiB in 34 bits of address. */
const PAGES_MAX = 2 ** 22;

const count = z.number().int().min(0);
const slot = count.max(SLOTS_MAX - 1);
const hexOf = (digits: number): z.ZodString =>
  z
    .string()
    .regex(
      new RegExp(`^0x[0-9a-f]{1,${digits}}$`, 'u'),
      `Invalid input: expected a hexadecimal number of ${digits * 4} bits, such as 0x1000`,
    );
const address = hexOf(16);
const word = hexOf(8);

const entries = z.array(
  z.union([z.tuple([slot, word]), z.tuple([slot, word, z.number().int().min(1).max(SLOTS_MAX), word])]),
);
const dump = {
  l1: entries,
  l2: z.array(
    z.looseObject({
      table: count,
      slot,
      attr: word,
      zone: z.enum(['DMA32', 'Normal']).optional(),
      entries,
    }),
  ),
};

const flush = z.union([
  z.tuple([z.literal('walk'), address, count, count]),
  z.tuple([z.literal('page'), address, count, count]),
  z.tuple([z.literal('all')]),
]);
const effects = {
  ret: z.number().int(),
  warn: count.optional(),
  flush: z.array(flush).optional(),
  l2_new: z.array(z.tuple([count, slot])).optional(),
  l2_freed: z.array(count).optional(),
};
const run = { iova: address, pgsize: count, count: count.max(PAGES_MAX), via: z.string().optional() };

/** A case of a `v7s-trace` recording: every field that the player reads. */
export const v7sCase = z.looseObject({
  name: z.string(),
  cfg: z.looseObject({
    ias: count,
    oas: count,
    pgsize_bitmap: address,
    quirks: word,
    coherent_walk: z.boolean(),
    tlb: z.enum(['all', 'no-add-page', 'null']),
    device_mask_bits: count.optional(),
  }),
  out: z.looseObject({}).nullable(),
  ops: z.array(
    z.discriminatedUnion('op', [
      z.looseObject({
        op: z.literal('map'),
        ...run,
        pa: address,
        prot: count,
        gfp: z.enum(['atomic', 'nowait']).optional(),
        mapped: z.number().int().optional(),
        ...effects,
      }),
      z.looseObject({
        op: z.literal('unmap'),
        ...run,
        gather: z.enum(['strict', 'queued']).optional(),
        ...effects,
      }),
      z.looseObject({ op: z.literal('iova_to_phys'), iova: address, pa: address }),
      z.looseObject({ op: z.literal('l2_limit'), free: count.nullable() }),
      z.looseObject({ op: z.literal('dump'), ...dump }),
    ]),
  ),
  final: z.looseObject({ l1: dump.l1.optional(), l2: dump.l2.optional() }).optional(),
  free_flush: z.array(flush).optional(),
});

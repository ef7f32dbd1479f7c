import { z } from 'zod';

const count = z.number().int().min(0);
const int = z.number().int();

/** A pfn, or [first, step, count]: an arithmetic progression of pfns. */
const pfnItem = z.union([count, z.tuple([count, int, z.number().int().min(1)])]);

/** Per-cpu fields of a zone. */
const pcpSchema = z.object({
  count,
  high: count,
  batch: count,
  free_factor: count,
  stat_threshold: count,
  free_diff: int,
});

/** The fields of a recorded zone, in the recording's spelling. */
const zoneSchema = z.object({
  name: z.string().min(1),
  start_pfn: count,
  spanned: count,
  present: count,
  managed: count,
  cma: count.optional(),
  wmark: z.array(count).length(4),
  boost: count,
  highatomic: count,
  lowmem_reserve: z.array(count).min(1),
  pcp_high: count,
  pcp_batch: count,
  nr_free: int,
  flags: count,
  pcp: z.array(pcpSchema).min(1),
});

/** One zone of a state: fields, lists and pageblocks. */
const zoneStateSchema = z.object({
  zone: zoneSchema,
  free: z.array(z.tuple([count, count, z.array(pfnItem)])),
  pcp_lists: z.array(z.tuple([count, z.array(pfnItem)])),
  pcp_odd: z.array(z.tuple([count, count])),
  pageblocks: z.array(z.tuple([z.number().int().min(-1), z.number().int().min(1)])),
  lru_runs: z.array(z.tuple([count, z.number().int().min(1)])).optional(),
});

/** Zone name → its state. */
export const buddyStateSchema = z.record(z.string(), zoneStateSchema);

/**
 * The page allocator's state as recordings hold it: zone name → fields, free lists, per-cpu lists,
 * pageblocks. The README of the recordings says what each field means.
 */
export type BuddyState = z.infer<typeof buddyStateSchema>;
/** One zone of a {@link BuddyState}. */
export type BuddyZoneState = z.infer<typeof zoneStateSchema>;
/** The elements of a list of pfns: pfns and [first, step, count] progressions. */
export type PfnItems = BuddyZoneState['free'][number][2];

/**
 * The pfns of a list in order.
 *
 * @example
 * expandPfns([7, [16, 8, 3]]); // [7, 16, 24, 32]
 */
export function expandPfns(items: PfnItems): number[] {
  const pfns: number[] = [];
  for (const item of items) {
    if (typeof item === 'number') pfns.push(item);
    else for (let i = 0; i < item[2]; i++) pfns.push(item[0] + i * item[1]);
  }
  return pfns;
}

import { type Context, type Steps, read } from '@mm/steps/stepped';

import { checkParts } from '../check-arguments.js';
import { dirtyLimits } from '../proc/dirty-limits.js';
import { globalFreeCma, globalFreePages, slabPages } from '../proc/global-counts.js';
import { eventItems, itemRules, nodeItems, zoneItems } from '../proc/vmstat-items.js';
import type { SysfsParts } from '../sysfs-parts.js';

/**
 * The text of /proc/vmstat. What cannot happen here (page cache, swapping, reclaim) is 0; what happens but is not counted
 * (`pgalloc_*`, `pgfree`) has no line.
 *
 * @throws OptionError for what is no part of a machine.
 * @example
 * showVmstat(ctx, parts).startsWith('nr_free_pages ');
 * @see linux 6.1 mm/vmstat.c vmstat_show
 */
export function* showVmstat(_ctx: Context, parts: SysfsParts): Steps<string> {
  checkParts(parts);
  const { pages, config } = parts;
  for (let zone = 0; zone < pages.nrZones; zone++) yield read(pages.zoneFreeCell + zone);
  const rules = itemRules(pages, config);
  const { reclaimable, unreclaimable } = slabPages(parts);
  const { threshold, background } = dirtyLimits(parts);
  const counted = new Map([
    ['nr_free_pages', globalFreePages(pages)],
    ['nr_free_cma', globalFreeCma(pages)],
    ['nr_slab_reclaimable', reclaimable],
    ['nr_slab_unreclaimable', unreclaimable],
    ['nr_dirty_threshold', threshold],
    ['nr_dirty_background_threshold', background],
  ]);
  const names = [
    ...zoneItems(rules),
    ...nodeItems(rules),
    'nr_dirty_threshold',
    'nr_dirty_background_threshold',
    ...eventItems(rules, pages.zones.names),
    'nr_unstable',
  ];
  return names.map((name) => `${name} ${counted.get(name) ?? 0}\n`).join('');
}

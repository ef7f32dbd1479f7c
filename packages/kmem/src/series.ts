import { checkSeries } from './check-arguments.js';

/**
 * Which state of the patch series is in force: `4.15` and `none` are before it, `v4` is the patch under review, `merged`
 * what Linux 5.1 and later have.
 */
export type Series = '4.15' | 'none' | 'v4' | 'merged';

/**
 * Whether caches can be made for ZONE_DMA32 at all.
 *
 * @throws OptionError for what is no state of the series.
 * @example
 * hasCacheDma32('4.15'); // false
 */
export function hasCacheDma32(series: Series): boolean {
  checkSeries(series);
  return series === 'v4' || series === 'merged';
}

import { OptionError, checkText } from '@mm/printk';

/** A zone as the text of /proc/zoneinfo shows it. */
export interface ZoneinfoZone {
  readonly name: string;
  readonly managed: number;
  readonly spanned: number;
  readonly present: number;
  /** min, low, high. */
  readonly wmark: readonly number[];
  readonly lowmem_reserve: readonly number[];
  /** Not printed for a zone without pages. */
  readonly start_pfn: number | undefined;
  /** One entry a CPU; none for a zone without pages. */
  readonly pcp: readonly { readonly high: number; readonly batch: number; readonly stat_threshold: number }[];
}

/**
 * Reads the zones of a `/proc/zoneinfo` text of Linux 6.1.
 * @throws OptionError naming the zone and the line that is missing.
 * @example
 * parseZoneinfo(readFileSync('/proc/zoneinfo', 'utf8'));
 */
export function parseZoneinfo(text: string): ZoneinfoZone[] {
  const sections = checkText('zoneinfo', text)
    .split(/^Node 0, zone +/mu)
    .slice(1);
  if (sections.length === 0)
    throw new OptionError('zoneinfo', 'sections "Node 0, zone NAME"', text.slice(0, 40));
  return sections.map((section) => {
    const name = /^\w+/u.exec(section)?.[0] ?? '';
    const all = (label: string): number[] =>
      [...section.matchAll(new RegExp(`^ +${label}:? +(\\d+)$`, 'gmu'))].map((m) => Number(m[1]));
    const one = (label: string): number => {
      const value = all(label)[0];
      if (value === undefined)
        throw new OptionError(`zoneinfo.${name}`, `a line "${label}"`, section.slice(0, 40));
      return value;
    };
    const reserve = /^ +protection: \(([\d, ]+)\)$/mu.exec(section)?.[1];
    if (reserve === undefined)
      throw new OptionError(`zoneinfo.${name}`, 'a line "protection: (...)"', section.slice(0, 40));
    const batches = all('batch');
    const thresholds = all('vm stats threshold');
    return {
      name,
      managed: one('managed'),
      spanned: one('spanned'),
      present: one('present'),
      wmark: ['min', 'low', 'high'].map(one),
      lowmem_reserve: reserve.split(',').map(Number),
      start_pfn: all('start_pfn')[0],
      pcp: all('high')
        .slice(1)
        .map((high, cpu) => ({ high, batch: batches[cpu] ?? -1, stat_threshold: thresholds[cpu] ?? -1 })),
    };
  });
}

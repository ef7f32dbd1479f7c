import { OptionError } from '@mm/printk';
import type { PfnSpan, ZoneBounds, ZoneName } from '@mm/zones';
import { clipSpans } from '@mm/zones';

/** struct page takes 64 bytes of every page of 4096. */
const METADATA_SHARE = 64;

/**
 * Pages that boot hands to the page allocator, by zone.
 * @throws OptionError when a zone is to manage more than it has, or is not configured.
 */
export function managedPagesOf(
  bounds: readonly ZoneBounds[],
  given: Readonly<Partial<Record<ZoneName, number>>>,
  spans: readonly PfnSpan[],
  keptBelow: number,
): number[] {
  for (const name of Object.keys(given))
    if (!bounds.some((zone) => zone.name === name))
      throw new OptionError(
        `managedPages.${name}`,
        `a zone of ${bounds.map((zone) => zone.name).join(', ')}`,
        name,
      );
  return bounds.map(({ name, startPfn, spannedPages, presentPages }) => {
    const keptEnd = Math.min(keptBelow, startPfn + spannedPages);
    const kept = clipSpans(spans, startPfn, keptEnd).reduce(
      (sum, span) => sum + span.endPfn - span.startPfn,
      0,
    );
    // Metadata comes from the end of memory, not from the zone that begins with kept pages.
    const own = kept > 0 ? kept : Math.floor(presentPages / METADATA_SHARE);
    const pages = given[name] ?? presentPages - own;
    if (pages > presentPages)
      throw new OptionError(`managedPages.${name}`, `at most ${presentPages} present pages`, pages);
    return pages;
  });
}

/** The spans of a zone that are managed: all but its last pages, and those below `keptBelow` last of all. */
export function managedSpans(
  spans: readonly PfnSpan[],
  zone: ZoneBounds,
  managedPages: number,
  keptBelow: number,
): PfnSpan[] {
  let left = managedPages;
  const end = zone.startPfn + zone.spannedPages;
  const middle = Math.min(Math.max(zone.startPfn, keptBelow), end);
  return [...clipSpans(spans, middle, end), ...clipSpans(spans, zone.startPfn, middle)]
    .map((span) => {
      const pages = Math.min(left, span.endPfn - span.startPfn);
      left -= pages;
      return { startPfn: span.startPfn, endPfn: span.startPfn + pages };
    })
    .filter((span) => span.endPfn > span.startPfn);
}

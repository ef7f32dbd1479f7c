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
): number[] {
  for (const name of Object.keys(given))
    if (!bounds.some((zone) => zone.name === name))
      throw new OptionError(
        `managedPages.${name}`,
        `a zone of ${bounds.map((zone) => zone.name).join(', ')}`,
        name,
      );
  return bounds.map(({ name, presentPages }) => {
    const pages = given[name] ?? presentPages - Math.floor(presentPages / METADATA_SHARE);
    if (pages > presentPages)
      throw new OptionError(`managedPages.${name}`, `at most ${presentPages} present pages`, pages);
    return pages;
  });
}

/** The spans of a zone that are managed: all but its last pages, which boot keeps. */
export function managedSpans(spans: readonly PfnSpan[], zone: ZoneBounds, managedPages: number): PfnSpan[] {
  let left = managedPages;
  return clipSpans(spans, zone.startPfn, zone.startPfn + zone.spannedPages)
    .map((span) => {
      const pages = Math.min(left, span.endPfn - span.startPfn);
      left -= pages;
      return { startPfn: span.startPfn, endPfn: span.startPfn + pages };
    })
    .filter((span) => span.endPfn > span.startPfn);
}

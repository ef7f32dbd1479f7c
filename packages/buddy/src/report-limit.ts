import type { PageAllocator } from './page-allocator.js';

/** Counts a report, and says whether it is among the first `most` of its name. */
export function mayReport(pages: PageAllocator, name: string, most: number): boolean {
  const count = (pages.reports.get(name) ?? 0) + 1;
  pages.reports.set(name, count);
  return count <= most;
}

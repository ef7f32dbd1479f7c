import { OptionError, checkInteger, checkObject } from '@mm/printk';

import { PFN_MAX, type PfnSpan, checkRam, countPages } from './memory-map.js';

/** How much memory ZONE_MOVABLE takes: bytes, or a share such as `25%`. Neither given: none. */
export interface MovableOptions {
  /** `kernelcore=`: what must stay outside of ZONE_MOVABLE. Where both are given, the one that leaves more outside wins. */
  readonly kernelcore?: string | number;
  /** `movablecore=`: what should be in it. */
  readonly movablecore?: string | number;
  /**
   * log2 of the pages of the kernel's largest block, 1 to 20; by default 10. ZONE_MOVABLE begins at a multiple of it. Kernels for
   * many 32-bit arm boards have 11.
   */
  readonly topOrder?: number;
}

const TOP_ORDER = 10;
const SUFFIX: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Pages that an option asks for, of `total`. @throws OptionError for text that is no size and no share. */
export function pagesOf(option: string | number, field: string, total: number): number {
  if (typeof option !== 'string' && typeof option !== 'number')
    throw new OptionError(field, 'bytes with K, M, G or T, or a share of 0% to 100%', option);
  const match = /^(\d{1,15})([kmgt]?)$/iu.exec(String(option));
  // Bytes short of a page are not asked for.
  if (match !== null) return Math.floor((Number(match[1]) * SUFFIX[match[2]!.toLowerCase()]!) / 4096);
  const percent = /^(\d{1,3})%$/u.exec(String(option));
  const share = Number(percent?.[1]);
  // The kernel computes the share with two more digits, and cuts.
  if (percent !== null && share <= 100) return Math.floor((total * 100 * share) / 10_000);
  throw new OptionError(field, 'bytes with K, M, G or T, or a share of 0% to 100%', option);
}

/**
 * The first pfn of ZONE_MOVABLE on a machine with one node, or 0 where it has none.
 *
 * @param spans RAM, ascending.
 * @param usableStartPfn the start of the highest zone that has memory: ZONE_MOVABLE is taken from it first.
 * @throws OptionError naming what is no span, no page frame or no amount.
 * @example
 * findMovableStart(spans, normalStartPfn, { movablecore: '512M' });
 * @see linux 6.1 mm/page_alloc.c find_zone_movable_pfns_for_nodes
 */
export function findMovableStart(
  spans: readonly PfnSpan[],
  usableStartPfn: number,
  options: MovableOptions,
): number {
  checkInteger('usableStartPfn', usableStartPfn, 0, PFN_MAX);
  checkObject('options', options, 'an object with kernelcore and movablecore');
  const { topOrder = TOP_ORDER } = options;
  const align = 2 ** checkInteger('options.topOrder', topOrder, 1, 20);
  const total = countPages(checkRam(spans));
  let kernelcore = options.kernelcore === undefined ? 0 : pagesOf(options.kernelcore, 'kernelcore', total);
  const asked = options.movablecore === undefined ? 0 : pagesOf(options.movablecore, 'movablecore', total);
  if (asked > 0) {
    const movablecore = Math.min(total, Math.ceil(asked / align) * align);
    kernelcore = Math.max(kernelcore, total - movablecore);
  }
  if (kernelcore === 0 || kernelcore >= total) return 0;
  const start = endOfKernelcore(spans, usableStartPfn, kernelcore);
  const aligned = Math.ceil(start / align) * align;
  return aligned >= spans.at(-1)!.endPfn ? 0 : aligned;
}

/** Where memory stops being needed for the kernel: what lies below the usable zone counts first. */
function endOfKernelcore(spans: readonly PfnSpan[], usableStartPfn: number, kernelcore: number): number {
  let left = kernelcore;
  let end = 0;
  for (const span of spans) {
    let startPfn = span.startPfn;
    if (startPfn < usableStartPfn) {
      left -= Math.min(left, Math.min(span.endPfn, usableStartPfn) - startPfn);
      end = Math.min(span.endPfn, usableStartPfn);
      if (span.endPfn <= usableStartPfn) continue;
      startPfn = usableStartPfn;
    }
    const taken = Math.min(span.endPfn - startPfn, left);
    end = startPfn + taken;
    left -= taken;
    if (left === 0) break;
  }
  return end;
}

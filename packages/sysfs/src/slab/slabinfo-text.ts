import { checkText } from '@mm/printk';

import { checkLine } from '../check-arguments.js';
import { printUlong } from './kernel-number.js';

/** What a line of /proc/slabinfo says. @see linux 6.1 mm/slab_common.c cache_show */
export interface SlabinfoLine {
  readonly name: string;
  readonly activeObjects: number;
  readonly objects: number;
  /** Bytes from one object to the next. */
  readonly size: number;
  readonly objectsPerSlab: number;
  readonly pagesPerSlab: number;
  /** Tunables of SLAB; 0 with SLUB. */
  readonly limit: number;
  readonly batchcount: number;
  readonly shared: number;
  readonly activeSlabs: number;
  readonly slabs: number;
  /** Objects in the array that CPUs share; 0 with SLUB. */
  readonly sharedAvailable: number;
}

/** The two lines that /proc/slabinfo begins with. @see linux 6.1 mm/slab_common.c print_slabinfo_header */
export const SLABINFO_HEADER: string = `slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>
`;

const right = (value: number, width: number): string => printUlong(value).padStart(width);

/**
 * A line of /proc/slabinfo with its newline.
 *
 * @throws OptionError for a field that is none.
 * @example
 * formatSlabinfo(parseSlabinfo(line)!) === `${line}\n`;
 */
export function formatSlabinfo(line: SlabinfoLine): string {
  checkLine(line);
  const { name, activeObjects, objects, size, objectsPerSlab, pagesPerSlab } = line;
  const { limit, batchcount, shared, activeSlabs, slabs, sharedAvailable } = line;
  return (
    `${name.padEnd(17)} ${right(activeObjects, 6)} ${right(objects, 6)} ${right(size, 6)}` +
    ` ${right(objectsPerSlab, 4)} ${right(pagesPerSlab, 4)}` +
    ` : tunables ${right(limit, 4)} ${right(batchcount, 4)} ${right(shared, 4)}` +
    ` : slabdata ${right(activeSlabs, 6)} ${right(slabs, 6)} ${right(sharedAvailable, 6)}\n`
  );
}

const LINE =
  /^(.+?) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) : tunables +(\d+) +(\d+) +(\d+) : slabdata +(\d+) +(\d+) +(\d+)\s*$/u;

/**
 * Reads a line of /proc/slabinfo; null for one that is none, such as its header.
 *
 * @throws OptionError for what is no text.
 * @example
 * parseSlabinfo('ep_head 0 0 16 256 1 : tunables 0 0 0 : slabdata 0 0 0')?.size; // 16
 */
export function parseSlabinfo(text: string): SlabinfoLine | null {
  const match = LINE.exec(checkText('text', text));
  if (match === null) return null;
  const at = (i: number): number => Number(match[i]);
  return {
    name: match[1]!,
    activeObjects: at(2),
    objects: at(3),
    size: at(4),
    objectsPerSlab: at(5),
    pagesPerSlab: at(6),
    limit: at(7),
    batchcount: at(8),
    shared: at(9),
    activeSlabs: at(10),
    slabs: at(11),
    sharedAvailable: at(12),
  };
}

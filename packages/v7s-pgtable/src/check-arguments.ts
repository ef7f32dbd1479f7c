import { OptionError, checkFlags, checkInteger, checkObject } from '@mm/printk';

import type { IotlbGather } from './config.js';
import type { MappedBytes } from './mapped-bytes.js';
import type { V7sPgtable } from './pgtable.js';

const MOST = Number.MAX_SAFE_INTEGER;

/** A page table, by what only one has: its class would make the imports a circle. @throws OptionError for anything else. */
export function checkTable(table: V7sPgtable): V7sPgtable {
  if (typeof (table as Partial<V7sPgtable> | null | undefined)?.l1Entries !== 'number')
    throw new OptionError('table', 'a page table, as allocPgtable() returns it', table);
  return table;
}

/** Which sizes there are the table says. @throws OptionError for what is no size or no number of pages. */
export function checkPages(pageSize: number, count: number): void {
  checkInteger('pageSize', pageSize, 0, MOST);
  checkInteger('count', count, 0, MOST);
}

/** @throws OptionError for what is no rights, no flags, and no counter of bytes. */
export function checkMapping(prot: number, gfp: number, mapped: MappedBytes | null): void {
  checkFlags('prot', prot);
  checkFlags('gfp', gfp);
  if (mapped === null) return;
  checkObject('mapped', mapped, 'an object with bytes, or null');
  checkInteger('mapped.bytes', mapped.bytes, 0, MOST);
}

/** @throws OptionError for what is neither a gather nor null. */
export function checkGather(gather: IotlbGather | null): void {
  if (gather !== null) checkObject('gather', gather, 'a gather or null');
}

import { OptionError } from '@mm/printk';

import type { V7sPgtable } from './pgtable.js';

/** An IOVA or physical address in bytes: a number, or a bigint where a kernel's caller could pass 64 bits. */
export type Address = number | bigint;

const checkWide = (address: bigint): void => {
  if (address < 0n || address >= 2n ** 64n)
    throw new OptionError('address', 'an address of 64 bits', address);
};

/** A bigint for the range checks: what no number holds exactly is out of every range. */
export function farAddress(address: bigint): number {
  checkWide(address);
  return address <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(address) : Number.POSITIVE_INFINITY;
}

/** A bigint for a translation: Linux 6.1 looks at the low bits alone. */
export function nearAddress(table: V7sPgtable, address: bigint): number {
  if (table.behaviour === 'corrected') return farAddress(address);
  checkWide(address);
  return Number(BigInt.asUintN(52, address));
}

import { OptionError } from '@mm/printk';

import type { V7sPgtable } from './pgtable.js';

/** An IOVA or physical address in bytes: a number, or a bigint where a kernel's caller could pass 64 bits. */
export type Address = number | bigint;

function checkAddress(address: Address): void {
  const fits =
    typeof address === 'bigint'
      ? address >= 0n && address < 2n ** 64n
      : Number.isInteger(address) && address >= 0;
  if (!fits) throw new OptionError('address', 'an integer of 64 bits, from 0', address);
}

/** An address for the range checks: what no number holds exactly is out of every range. */
export function farAddress(address: Address): number {
  checkAddress(address);
  if (typeof address === 'number') return address;
  return address <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(address) : Number.POSITIVE_INFINITY;
}

/** An address for a translation: Linux 6.1 looks at the low bits alone. */
export function nearAddress(table: V7sPgtable, address: Address): number {
  if (typeof address === 'number' || table.behaviour === 'corrected') return farAddress(address);
  checkAddress(address);
  return Number(BigInt.asUintN(52, address));
}

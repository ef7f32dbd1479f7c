import { KernelBug, checkArray } from '@mm/printk';

import { checkObjectAddress } from './check-arguments.js';
import { ZERO_SIZE_PTR } from './kmalloc-classes.js';

/**
 * A list of addresses of memory, as it came: kfree passes over what is none, but not in bulk.
 *
 * @throws KernelBug for NULL and `ZERO_SIZE_PTR`.
 * @throws OptionError as `checkObjects`.
 * @example
 * checkMemory([0x40001000]);
 */
export function checkMemory(addresses: readonly number[]): readonly number[] {
  checkArray('addresses', addresses, 'addresses');
  for (const address of addresses)
    if (checkObjectAddress(address) <= ZERO_SIZE_PTR)
      throw new KernelBug('unable to handle page fault: kfree_bulk of what is no memory', { address });
  return addresses;
}

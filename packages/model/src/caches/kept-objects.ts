import { PAGE_SIZE, PageFlag } from '@mm/memory';
import { headSlotOf } from '@mm/slub';

import { ModelViolation } from '../model-violation.js';
import type { CacheWorld, OpenUser } from './cache-world.js';
import { checkObjectBytes } from './object-bytes.js';

/** Objects looked at after an allocation that was refused. */
export const KEPT_AT_ONCE = 32;

/** What no fault may break. */
export const KEPT = 'after a fault every live object still is, with its bytes';

/**
 * Something went wrong on purpose, and is over: whatever it was, every object that was live lies in a slab, or in a block of
 * its own, and is as its owner left it. Asked for also while others are in the middle of theirs: what they have not yet got, or
 * are giving back, is not live.
 * @param most objects looked at, the next ones each time: of faults that are as frequent as refused allocations. Default: all.
 * @throws ModelViolation
 */
export function checkAllKept(world: CacheWorld, most = Infinity): void {
  const { kmem, machine } = world;
  const { live } = world.model;
  const count = Math.min(most, live.length);
  for (let i = 0; i < count; i++) {
    const object = live[(world.keptFrom + i) % live.length]!;
    const { address, user } = object;
    const fail = (what: string): never => {
      throw new ModelViolation(KEPT, `0x${address.toString(16)} of ${user.name}: ${what}`);
    };
    if ('cache' in user) {
      const slot = headSlotOf(kmem.frames, Math.floor(address / PAGE_SIZE));
      const { id } = (user as OpenUser).cache;
      if ((kmem.frames.flags[slot]! & PageFlag.slab) === 0 || kmem.frames.owner0[slot] !== id)
        fail('its page is no slab of its cache');
    }
    try {
      checkObjectBytes(machine, object);
    } catch (error) {
      if (error instanceof ModelViolation) fail('its bytes have changed');
      throw error;
    }
  }
  world.keptFrom += count;
}

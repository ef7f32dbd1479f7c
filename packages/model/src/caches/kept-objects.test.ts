import { PageFlag } from '@mm/memory';
import { GFP_KERNEL } from '@mm/zones';
import { expect, it } from 'vitest';

import type { Op } from '../subsystem.js';
import { type CacheWorld, cacheWorld, openUser, received, userRequest } from './cache-world.js';
import { checkAllKept } from './kept-objects.js';

const OP: Op = { command: 0, cpu: 0, a: 0, b: 4 };

/** A world in which a user holds an object. */
function withObject(): { world: CacheWorld; object: number } {
  const world = cacheWorld({ cpus: 1 }, 'slub');
  const request = userRequest(world, OP);
  const cache = world.machine.kmemCacheCreate(request)!;
  openUser(world, OP, request, cache);
  const [user] = world.users;
  const object = world.machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
  received(world, user!, object, user!.size, false);
  return { world, object };
}

it('a live object that a fault has left alone is kept', () => {
  expect(() => checkAllKept(withObject().world)).not.toThrow();
});

it('a fault that changes one byte of a live object is noticed', () => {
  const { world, object } = withObject();
  world.machine.memory.write8(object + 5, 0xee);
  expect(() => checkAllKept(world)).toThrow('its bytes have changed');
});

it('a fault that gives the slab of a live object back is noticed', () => {
  const { world, object } = withObject();
  const { frames } = world.machine;
  frames.flags[frames.slotOf(Math.floor(object / 4096))]! &= ~PageFlag.slab;
  expect(() => checkAllKept(world)).toThrow('its page is no slab of its cache');
});

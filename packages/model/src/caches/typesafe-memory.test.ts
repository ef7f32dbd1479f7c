import { SLAB_TYPESAFE_BY_RCU } from '@mm/kmem';
import { type AnyCache, createMachine } from '@mm/machine';
import { expect, it } from 'vitest';

import { TypesafeMemory } from './typesafe-memory.js';

const OBJECT = 0x4000_1000;
const FROZEN = 'stays of its type until a grace period has passed';

/** A typesafe cache of two, and an object of the first that has just been freed. */
function withFreed(): { memory: TypesafeMemory; own: AnyCache; other: AnyCache } {
  const machine = createMachine({ ramBytes: '64M' });
  const own = machine.kmemCacheCreate({ name: 'own', size: 64, flags: SLAB_TYPESAFE_BY_RCU })!;
  const other = machine.kmemCacheCreate({ name: 'other', size: 64, flags: SLAB_TYPESAFE_BY_RCU })!;
  const memory = new TypesafeMemory();
  memory.freed(own, OBJECT);
  return { memory, own, other };
}

it('the cache itself may hand a freed object out again at once', () => {
  const { memory, own } = withFreed();
  expect(() => memory.taken(OBJECT, 64, own)).not.toThrow();
});

it('another cache may not, nor may who takes pages', () => {
  const { memory, other } = withFreed();
  expect(() => memory.taken(OBJECT + 128, 64, other)).toThrow(FROZEN);
  expect(() => memory.taken(OBJECT - 4096, 3 * 4096, null)).toThrow(FROZEN);
});

it('memory beside it is nobody’s business', () => {
  const { memory } = withFreed();
  expect(() => memory.taken(OBJECT + 4096, 4096, null)).not.toThrow();
});

it('after a grace period it is anybody’s', () => {
  const { memory, other } = withFreed();
  memory.graceBegins();
  expect(() => memory.taken(OBJECT, 64, other)).not.toThrow();
});

it('a grace period that began before the free is not enough', () => {
  const { memory, own, other } = withFreed();
  memory.graceBegins();
  memory.freed(own, OBJECT);
  expect(() => memory.taken(OBJECT, 64, other)).toThrow(FROZEN);
});

it('objects of other caches are not kept', () => {
  const machine = createMachine({ ramBytes: '64M' });
  const plain = machine.kmemCacheCreate({ name: 'plain', size: 64 })!;
  const memory = new TypesafeMemory();
  memory.freed(plain, OBJECT);
  expect(() => memory.taken(OBJECT, 64, null)).not.toThrow();
});

it('red zones and what else debugging keeps around the last object of a slab reach into no other page', () => {
  const machine = createMachine({ ramBytes: '64M', cmdline: 'slub_debug=FZPU' });
  const own = machine.kmemCacheCreate({ name: 'own', size: 256, align: 1024, flags: SLAB_TYPESAFE_BY_RCU })!;
  const memory = new TypesafeMemory();
  const page = OBJECT + 8 * 4096;
  // The object lies behind its left red zone, and the room of `size` bytes ends before the object's address + size.
  memory.freed(own, page - 1024);
  expect(own.size).toBeGreaterThan(1024);
  expect(() => memory.taken(page, 64, null)).not.toThrow();
});

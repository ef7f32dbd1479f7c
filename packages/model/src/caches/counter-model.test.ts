import { createMachine } from '@mm/machine';
import { type SlubCache, SlubStat, clearStat } from '@mm/slub';
import { GFP_KERNEL } from '@mm/zones';
import { expect, test } from 'vitest';

import { CounterModel } from './counter-model.js';

function watched() {
  const machine = createMachine({ ramBytes: '64M', cmdline: 'slub_nomerge' });
  const cache = machine.kmemCacheCreate({ name: 'watched', size: 64 }) as SlubCache;
  const model = new CounterModel(machine.cpus);
  model.of(cache).allocs[0]! += 1;
  machine.kmemCacheAlloc(cache, GFP_KERNEL);
  return { machine, cache, model };
}

test('a counter goes on from zero once it is cleared, and is foretold as before', () => {
  const { machine, cache, model } = watched();
  for (const [name, stat] of [
    ['alloc_slowpath', SlubStat.allocSlowpath],
    ['alloc_slab', SlubStat.allocSlab],
  ] as const) {
    const reached = model.reached(cache, name);
    expect(reached[0]).toBe(1);
    clearStat(cache, stat);
    model.cleared(cache, name, reached);
  }
  expect(() => model.check(true)).not.toThrow();
  // One more than the history has.
  machine.kmemCacheAlloc(cache, GFP_KERNEL);
  expect(() => model.check(true)).toThrow('counters are what the history says');
});

test('a counter that keeps its value when it is cleared is found', () => {
  const { cache, model } = watched();
  const reached = model.reached(cache, 'alloc_slowpath');
  expect(() => model.cleared(cache, 'alloc_slowpath', reached)).toThrow('a counter that is cleared is zero');
});

import { type FaultAttributes, PageFaults, checkBuddyInvariants, updateFloors } from '@mm/buddy';
import { GFP_ATOMIC, GFP_KERNEL } from '@mm/zones';
import { expect, it } from 'vitest';

import { createMachine } from './create-machine.js';
import type { Machine } from './machine.js';

function withFaults(faults: FaultAttributes): Machine {
  const machine = createMachine({ ramBytes: '64M', strict: true });
  machine.pages.faults = new PageFaults(faults);
  updateFloors(machine.pages);
  return machine;
}

/** Which of 400 allocations fail. */
function failuresOf400(): boolean[] {
  const machine = withFaults({ probability: 30, seed: 7 });
  return Array.from({ length: 400 }, () => machine.allocPages(GFP_KERNEL, 0) === null);
}

it('every third allocation fails, at most twice, and then no more', () => {
  const machine = withFaults({ interval: 3, times: 2 });
  const answers = Array.from({ length: 9 }, () => machine.allocPages(GFP_KERNEL, 0) !== null);
  expect(answers).toEqual([true, true, false, true, true, false, true, true, true]);
});

it('nothing fails before so many pages have been allocated', () => {
  const machine = withFaults({ space: 3 });
  const answers = Array.from({ length: 4 }, () => machine.allocPages(GFP_KERNEL, 0) !== null);
  expect(answers).toEqual([true, true, false, false]);
});

it('who may wait and small blocks can be left alone', () => {
  const machine = withFaults({ minOrder: 1, ignoreGfpWait: true });
  expect(machine.allocPages(GFP_ATOMIC, 0)).not.toBeNull();
  expect(machine.allocPages(GFP_KERNEL, 2)).not.toBeNull();
  expect(machine.allocPages(GFP_ATOMIC, 2)).toBeNull();
});

it('a probability of 30 percent fails about three in ten, the same ones each time', () => {
  const failed = failuresOf400();
  expect(failed.filter(Boolean).length).toBeGreaterThan(80);
  expect(failed.filter(Boolean).length).toBeLessThan(160);
  expect(failuresOf400()).toEqual(failed);
});

it('objects and their bytes outlive failures of the pages below them', () => {
  const machine = withFaults({ probability: 50, seed: 3 });
  const cache = machine.kmemCacheCreate({ name: 'tried', size: 1000 })!;
  const held: number[] = [];
  let failures = 0;
  for (let i = 0; i < 2000; i++) {
    const object = machine.kmemCacheAlloc(cache, GFP_ATOMIC | 0x2000);
    if (object === null) failures++;
    else {
      machine.memory.write32(object, i);
      held.push(object, i);
    }
    if (i % 3 === 0 && held.length > 0) machine.kmemCacheFree(cache, held.splice(0, 2)[0]!);
  }
  expect(failures).toBeGreaterThan(0);
  for (let i = 0; i < held.length; i += 2) expect(machine.memory.read32(held[i]!)).toBe(held[i + 1]);
  expect(checkBuddyInvariants(machine.pages)).toEqual([]);
});

it('attributes out of range are refused by name', () => {
  expect(() => withFaults({ probability: 101 })).toThrow('probability: expected an integer of 0 to 100');
  expect(() => withFaults({ interval: -1 })).toThrow('interval: expected an integer of 0');
});

it("a machine takes the attributes in the form of the kernel's boot parameter", () => {
  const machine = createMachine({ ramBytes: '64M', faults: '2,100,0,1' });
  const answers = Array.from({ length: 4 }, () => machine.allocPages(GFP_KERNEL, 0) !== null);
  expect(answers).toEqual([true, false, true, true]);
  expect(() => createMachine({ faults: 'often' })).toThrow(
    'faults: expected interval,probability,space,times, such as 10,100,0,-1, got "often"',
  );
});

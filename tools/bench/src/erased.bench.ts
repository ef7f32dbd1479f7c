import { Context, runToEnd } from '@mm/steps';

import { pop as popErased, push as pushErased } from './erased/pop-push.js';
import { FREE_POINTER, Freelist } from './freelist.js';
import { pop as popStepped, push as pushStepped } from './stepped/pop-push.js';
import type { BenchSuite } from './suite.js';

function popByHand(list: Freelist): number {
  const { memory, slot } = list;
  for (;;) {
    const tid = slot[1]!;
    const object = slot[0]!;
    if (object === 0) return 0;
    const next = memory[object - 1 + FREE_POINTER]!;
    if (slot[0] === object && slot[1] === tid) {
      slot[0] = next;
      slot[1] = (tid + 4) | 0;
      return object;
    }
  }
}

function pushByHand(list: Freelist, object: number): void {
  const { memory, slot } = list;
  for (;;) {
    const tid: number = slot[1]!;
    const head: number = slot[0]!;
    memory[object - 1 + FREE_POINTER] = head;
    if (slot[0] === head && slot[1] === tid) {
      slot[0] = object;
      slot[1] = (tid + 4) | 0;
      return;
    }
  }
}

// A loop of its own for each case: shared, it would see several functions and inline none.
const suite: BenchSuite = {
  operation: 'taking an object off a free list and giving it back',
  cases: [
    {
      name: 'written by hand',
      prepare: () => {
        const list = new Freelist();
        return (n) => {
          let sum = 0;
          for (let i = 0; i < n; i++) {
            const object = popByHand(list);
            sum ^= object;
            pushByHand(list, object);
          }
          return sum;
        };
      },
    },
    {
      name: 'erased',
      per: 'written by hand',
      goal: 1.1,
      prepare: () => {
        const list = new Freelist();
        return (n) => {
          let sum = 0;
          for (let i = 0; i < n; i++) {
            const object = popErased(list);
            sum ^= object;
            pushErased(list, object);
          }
          return sum;
        };
      },
    },
    {
      name: 'stepped, run to its end',
      per: 'written by hand',
      prepare: () => {
        const list = new Freelist();
        const ctx = new Context(0);
        return (n) => {
          let sum = 0;
          for (let i = 0; i < n; i++) {
            const object = runToEnd(ctx, popStepped(list));
            sum ^= object;
            runToEnd(ctx, pushStepped(list, object));
          }
          return sum;
        };
      },
    },
  ],
};
export default suite;

import { Interleaver, SeededScheduler } from '@mm/interleave';
import { type Steps, read, rmw, write } from '@mm/steps/stepped';

import { asyncProperty, assert, scheduler as fastCheckScheduler } from 'fast-check';

import type { BenchSuite } from './suite.js';

const OBJECT_WORDS = 256;
const OBJECTS = 4096;
const FREE_POINTER = 128;
const HEAD = 1;
const TID = 2;
const OBJECT = 3;

/** A slab's free list in typed arrays: head and transaction number, as SLUB's fast path has them. */
class Freelist {
  readonly memory = new Int32Array(OBJECTS * OBJECT_WORDS);
  readonly slot = new Int32Array(2);

  constructor() {
    for (let i = 0; i < OBJECTS; i++)
      this.memory[i * OBJECT_WORDS + FREE_POINTER] = i + 1 < OBJECTS ? (i + 1) * OBJECT_WORDS + 1 : 0;
    this.slot[0] = 1;
  }
}

/** Takes an object and gives it back for ever, 8 steps a round, all in one generator. */
function* flat({ memory, slot }: Freelist): Steps<void> {
  for (;;) {
    let object = 0;
    for (;;) {
      yield read(TID);
      const tid = slot[1]!;
      yield read(HEAD);
      object = slot[0]!;
      yield read(OBJECT);
      const next = memory[object - 1 + FREE_POINTER]!;
      yield rmw(HEAD);
      if (slot[0] === object && slot[1] === tid) {
        slot[0] = next;
        slot[1] = (tid + 4) | 0;
        break;
      }
    }
    for (;;) {
      yield read(TID);
      const tid: number = slot[1]!;
      yield read(HEAD);
      const head: number = slot[0]!;
      yield write(OBJECT);
      memory[object - 1 + FREE_POINTER] = head;
      yield rmw(HEAD);
      if (slot[0] === head && slot[1] === tid) {
        slot[0] = object;
        slot[1] = (tid + 4) | 0;
        break;
      }
    }
  }
}

function* readSlot(list: Freelist, index: number): Steps<number> {
  yield read(index === 0 ? HEAD : TID);
  return list.slot[index]!;
}
function* readObject(list: Freelist, at: number): Steps<number> {
  yield read(OBJECT);
  return list.memory[at]!;
}
function* writeObject(list: Freelist, at: number, value: number): Steps<void> {
  yield write(OBJECT);
  list.memory[at] = value;
}
function* exchange({ slot }: Freelist, head: number, tid: number, next: number): Steps<boolean> {
  yield rmw(HEAD);
  if (slot[0] !== head || slot[1] !== tid) return false;
  slot[0] = next;
  slot[1] = (tid + 4) | 0;
  return true;
}
function* take(list: Freelist): Steps<number> {
  for (;;) {
    const tid = yield* readSlot(list, 1);
    const object = yield* readSlot(list, 0);
    const next = yield* readObject(list, object - 1 + FREE_POINTER);
    const done = yield* exchange(list, object, tid, next);
    if (done) return object;
  }
}
function* give(list: Freelist, object: number): Steps<void> {
  for (;;) {
    const tid = yield* readSlot(list, 1);
    const head = yield* readSlot(list, 0);
    yield* writeObject(list, object - 1 + FREE_POINTER, head);
    const done = yield* exchange(list, head, tid, object);
    if (done) return;
  }
}
/** Takes and gives for ever, every access three generators deep. */
function* deep(list: Freelist): Steps<void> {
  for (;;) {
    const object = yield* take(list);
    yield* give(list, object);
  }
}

const RUN_ON = 'livelock';

/** Four tasks on four CPUs, and `n` steps of them. */
function stepper(task: (list: Freelist) => Steps<void>, switchChance: number): (n: number) => unknown {
  const list = new Freelist();
  const tasks = new Interleaver({ cpus: 4, scheduler: new SeededScheduler(3, { switchChance }) });
  for (let cpu = 0; cpu < 4; cpu++) tasks.start(tasks.takeContext(cpu), task(list));
  return (n) => {
    try {
      tasks.run(n);
    } catch (error) {
      if ((error as { fault?: string }).fault !== RUN_ON) throw error;
    }
    return tasks.steps;
  };
}

/** The same four generators without rules or choices worth the name: what the generators cost. */
function bare(task: (list: Freelist) => Steps<void>): (n: number) => unknown {
  const list = new Freelist();
  const bodies = [task(list), task(list), task(list), task(list)];
  let x = 3;
  return (n) => {
    for (let i = 0; i < n; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      bodies[x & 3]!.next(true);
    }
    return x;
  };
}

/** Four tasks of fast-check's `scheduler`, 100 steps each, until `n` steps are made. */
function fastCheck(): (n: number) => Promise<unknown> {
  return async (n) => {
    for (let done = 0; done < n; done += 400)
      await assert(
        asyncProperty(fastCheckScheduler(), async (tasks) => {
          const step = tasks.scheduleFunction(async () => {});
          const task = async (): Promise<void> => {
            for (let i = 0; i < 100; i++) await step();
          };
          await tasks.waitFor(Promise.all([task(), task(), task(), task()]));
        }),
        { numRuns: 1, seed: done },
      );
    return n;
  };
}

/** Bounds by what the generators cost alone: 20 million of 43, and 10 of 12, steps a second. */
const FLAT_PER_GENERATORS = 2.15;
const DEEP_PER_GENERATORS = 1.2;

const suite: BenchSuite = {
  operation: 'a step of one of four tasks',
  cases: [
    { name: 'generators alone, flat', prepare: () => bare(flat) },
    {
      name: 'flat, switch chance 1/4',
      prepare: () => stepper(flat, 0.25),
      per: 'generators alone, flat',
      goal: FLAT_PER_GENERATORS,
    },
    {
      name: 'flat, switch at every step',
      prepare: () => stepper(flat, 1),
      per: 'generators alone, flat',
      goal: FLAT_PER_GENERATORS,
    },
    { name: 'generators alone, yield* depth 3', prepare: () => bare(deep) },
    {
      name: 'yield* depth 3, switch chance 1/4',
      prepare: () => stepper(deep, 0.25),
      per: 'generators alone, yield* depth 3',
      goal: DEEP_PER_GENERATORS,
    },
    {
      name: 'yield* depth 3, switch at every step',
      prepare: () => stepper(deep, 1),
      per: 'generators alone, yield* depth 3',
      goal: DEEP_PER_GENERATORS,
    },
    { name: "fast-check's scheduler", prepare: () => fastCheck() },
    {
      name: 'flat, beside fast-check',
      prepare: () => stepper(flat, 0.25),
      per: "fast-check's scheduler",
      goal: 0.01,
    },
  ],
};
export default suite;

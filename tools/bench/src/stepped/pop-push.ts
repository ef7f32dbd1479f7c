import { type Steps, read, rmw, write } from '@mm/steps/stepped';

import { FREE_POINTER, type Freelist, HEAD_CELL, OBJECT_CELL, TID_CELL } from '../freelist.js';

/** Takes an object off a free list; 0 when there is none. Four steps. */
export function* pop({ memory, slot }: Freelist): Steps<number> {
  for (;;) {
    yield read(TID_CELL);
    const tid = slot[1]!;
    yield read(HEAD_CELL);
    const object = slot[0]!;
    if (object === 0) return 0;
    yield read(OBJECT_CELL);
    const next = memory[object - 1 + FREE_POINTER]!;
    yield rmw(HEAD_CELL);
    if (slot[0] === object && slot[1] === tid) {
      slot[0] = next;
      slot[1] = (tid + 4) | 0;
      return object;
    }
  }
}

/** Gives an object back. Four steps. */
export function* push({ memory, slot }: Freelist, object: number): Steps<void> {
  for (;;) {
    yield read(TID_CELL);
    const tid: number = slot[1]!;
    yield read(HEAD_CELL);
    const head: number = slot[0]!;
    yield write(OBJECT_CELL);
    memory[object - 1 + FREE_POINTER] = head;
    yield rmw(HEAD_CELL);
    if (slot[0] === head && slot[1] === tid) {
      slot[0] = object;
      slot[1] = (tid + 4) | 0;
      return;
    }
  }
}

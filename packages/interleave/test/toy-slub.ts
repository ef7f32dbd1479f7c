import { type Cell, CellSpace, Context, type Steps, compound, read, write } from '@mm/steps';

import type { Scenario } from '../src/run-schedule.js';

const OBJECTS = 5;
const slabOf = (object: number): number => (object - 1) >> 1;

/** The cells of the protocol, claimed once: names do not change from run to run. */
class ToyCells {
  readonly space = new CellSpace();
  readonly freelist = this.space.claim('freelist', 2);
  readonly tid = this.space.claim('tid', 2);
  readonly next = this.space.claim('next', OBJECTS);
  readonly slab = this.space.claim('slab', 2);
  readonly owner = this.space.claim('owner', OBJECTS);
  readonly slow = [0, 1].map((cpu) => this.#slowOn(cpu));
  readonly exchange = [0, 1].map((cpu) =>
    Array.from({ length: OBJECTS }, (_, object) => this.#exchangeOn(cpu, object)),
  );
  readonly remote = Array.from({ length: OBJECTS }, (_, object) => this.#remoteFree(object));

  #slowOn(cpu: number): Cell {
    const owners = [1, 2, 3, 4].map((object) => this.owner + object);
    const reads = [this.freelist + 1 - cpu, this.tid + 1 - cpu, this.slab + 1 - cpu];
    return this.space.claimCompound(`slow path ${cpu}`, {
      reads: [...reads, ...[1, 2, 3, 4].map((object) => this.next + object)],
      writes: [this.freelist + cpu, this.tid + cpu, this.slab + cpu, ...owners],
    });
  }

  #exchangeOn(cpu: number, object: number): Cell {
    const writes = [this.freelist + cpu, this.tid + cpu, this.owner + object];
    return this.space.claimCompound(`exchange ${cpu}`, { reads: [], writes });
  }

  #remoteFree(object: number): Cell {
    const writes = [this.slab + (object > 2 ? 1 : 0), this.next + object, this.owner + object];
    return this.space.claimCompound('remote free', { reads: [], writes });
  }
}

/** Two slabs of two objects; one is each CPU's own. */
class ToyState {
  readonly freelist = [1, 3];
  readonly tid = [0, 1];
  readonly next = [0, 2, 0, 4, 0];
  readonly slab = [0, 0];
  readonly owner = [0, 0, 0, 0, 0];

  own(object: number, me: number): void {
    if (this.owner[object] !== 0) throw new Error(`object ${object} allocated twice`);
    this.owner[object] = me + 1;
  }
}

function slowAlloc(w: ToyState, c: number, me: number): number {
  let object = w.freelist[c]!;
  if (object === 0) {
    object = w.slab[c]!;
    w.slab[c] = 0;
  }
  if (object === 0) return 0;
  w.freelist[c] = w.next[object]!;
  w.tid[c]! += 2;
  w.own(object, me);
  return object;
}

function* task(cells: ToyCells, w: ToyState, me: number, c: number, rounds: number): Steps<void> {
  for (let round = 0; round < rounds; round++) {
    let object = 0;
    for (;;) {
      yield read(cells.tid + c);
      const tid = w.tid[c]!;
      yield read(cells.freelist + c);
      object = w.freelist[c]!;
      if (object === 0) {
        yield compound(cells.slow[c]!);
        object = slowAlloc(w, c, me);
        break;
      }
      yield read(cells.next + object);
      const next = w.next[object]!;
      yield compound(cells.exchange[c]![object]!);
      if (w.freelist[c] === object && w.tid[c] === tid) {
        w.freelist[c] = next;
        w.tid[c]! += 2;
        w.own(object, me);
        break;
      }
    }
    if (object === 0) continue;
    for (;;) {
      yield read(cells.tid + c);
      const tid = w.tid[c]!;
      if (slabOf(object) !== c) {
        yield compound(cells.remote[object]!);
        w.owner[object] = 0;
        w.next[object] = w.slab[slabOf(object)]!;
        w.slab[slabOf(object)] = object;
        break;
      }
      yield read(cells.freelist + c);
      const head = w.freelist[c]!;
      yield write(cells.next + object);
      w.next[object] = head;
      yield compound(cells.exchange[c]![object]!);
      if (w.freelist[c] === head && w.tid[c] === tid) {
        w.owner[object] = 0;
        w.freelist[c] = object;
        w.tid[c]! += 2;
        break;
      }
    }
  }
}

/** The fast paths of SLUB in small: allocation and free by transaction id, remote frees, a slow path. */
export function toySlub(tasks: number, rounds: number): Scenario {
  const cells = new ToyCells();
  const contexts = Array.from({ length: tasks }, (_, me) => new Context(me));
  return {
    cpus: tasks,
    make: () => {
      const w = new ToyState();
      return {
        cells: cells.space,
        tasks: contexts.map((ctx, me) => ({ ctx, steps: task(cells, w, me, me === 2 ? 1 : 0, rounds) })),
      };
    },
  };
}

import { Interleaver, SeededScheduler } from '@mm/interleave';
import { CellSpace, type Context, type Steps } from '@mm/steps/stepped';
import { expect, test } from 'vitest';

import { smallMachine, wholeZone } from '../../test/small-machine.js';
import { MigrateType, type PageAllocator, checkBuddyInvariants } from '../index.js';
import { allocPages, drainAllPages, freePages, isolatePageblock, unisolatePageblock } from './index.js';

/** Takes and gives back blocks of mixed orders; each page is in one task's hands only. */
function* worker(ctx: Context, pages: PageAllocator, owner: Int8Array, me: number): Steps<void> {
  const held: Array<[number, number]> = [];
  for (let i = 0; i < 40; i++) {
    const order = (i * 5 + me * 3) % 7;
    const gfp = [0xcc0, 0x100cca, 0xa20][(i + me) % 3]!;
    const pfn = yield* allocPages(ctx, pages, gfp, order);
    if (pfn === null) continue;
    for (let page = pfn; page < pfn + (1 << order); page++) {
      expect(owner[page]).toBe(0);
      owner[page] = me;
    }
    held.push([pfn, order]);
    if (i % 2 === 0) continue;
    const [old, oldOrder] = held.shift()!;
    owner.fill(0, old, old + (1 << oldOrder));
    yield* freePages(ctx, pages, old, oldOrder);
  }
  for (const [pfn, order] of held) {
    owner.fill(0, pfn, pfn + (1 << order));
    yield* freePages(ctx, pages, pfn, order);
  }
}

function* isolator(ctx: Context, pages: PageAllocator): Steps<void> {
  for (let pfn = 0; pfn < 4096; pfn += 512) {
    const answer = yield* isolatePageblock(ctx, pages, pfn);
    yield* drainAllPages(ctx, pages);
    if (answer === 0) yield* unisolatePageblock(ctx, pages, pfn, MigrateType.MOVABLE);
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'no page has two owners, and the structure holds, under schedule %i',
  (seed) => {
    const cells = new CellSpace();
    const specs = [wholeZone('DMA32', 0, 2048), wholeZone('Normal', 2048, 2048)];
    const pages = smallMachine({ specs, cpus: 3, cells, minPages: 20 });
    const owner = new Int8Array(4096);
    const tasks = new Interleaver({ cpus: 3, cells, scheduler: new SeededScheduler(seed) });
    for (const me of [1, 2, 3]) {
      const ctx = tasks.takeContext(me % 3);
      tasks.start(ctx, worker(ctx, pages, owner, me));
    }
    const ctx = tasks.takeContext(0);
    tasks.start(ctx, isolator(ctx, pages));
    tasks.run(1_000_000);
    expect(checkBuddyInvariants(pages)).toEqual([]);
  },
);

import { Context } from '@mm/steps';
import { expect, test } from 'vitest';

import { smallMachine, wholeZone } from '../test/small-machine.js';
import {
  MigrateType,
  allocPages,
  checkAllocatedBlock,
  checkBuddyInvariants,
  checkZoneCounters,
  drainAllPages,
  foldZoneCounters,
  freePages,
  freePagesOf,
  restoreAllocator,
  snapshotAllocator,
} from './index.js';

/** Mixed use by `seed`: every kind of request, frees at random. */
function churn(pages: ReturnType<typeof smallMachine>, seed: number, steps: number): Array<[number, number]> {
  const ctx = new Context();
  let x = seed;
  const random = (below: number): number => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
  const gfps = [0xcc0, 0xcc0 | 0x10, 0x100cca, 0xa20, 0x40cc0, 0x4, 0x1];
  const held: Array<[number, number]> = [];
  for (let i = 0; i < steps; i++) {
    ctx.cpu = random(pages.cpus);
    if (held.length > 0 && random(5) < 2) {
      const [pfn, order] = held.splice(random(held.length), 1)[0]!;
      freePages(ctx, pages, pfn, order);
      continue;
    }
    const order = random(3) === 0 ? random(11) : random(4);
    const pfn = allocPages(ctx, pages, gfps[random(gfps.length)]!, order);
    if (pfn === null) continue;
    expect(checkAllocatedBlock(pages, pfn, order)).toEqual([]);
    held.push([pfn, order]);
  }
  return held;
}

test.each([1, 2, 3, 4, 5])(
  'the whole structure holds under mixed use on two CPUs and three zones (seed %i)',
  (seed) => {
    const pages = smallMachine({
      specs: [wholeZone('DMA', 0, 4096), wholeZone('DMA32', 4096, 8192), wholeZone('Normal', 12_288, 8192)],
      cpus: 2,
      minPages: 40,
    });
    const held = churn(pages, seed * 7919, 3000);
    expect(checkBuddyInvariants(pages)).toEqual([]);
    for (const zone of [0, 1, 2]) expect(checkZoneCounters(pages, zone)).toEqual([]);
    const ctx = new Context();
    for (const [pfn, order] of held) freePages(ctx, pages, pfn, order);
    drainAllPages(ctx, pages);
    expect(checkBuddyInvariants(pages)).toEqual([]);
    foldZoneCounters(pages);
    expect([0, 1, 2].map((zone) => freePagesOf(pages, zone))).toEqual([4096, 8192, 8192]);
  },
);

test('no page is handed out twice', () => {
  const pages = smallMachine({ minPages: 0 });
  const ctx = new Context();
  const owner = new Uint8Array(16_384);
  for (let order = 10; ;) {
    const pfn = allocPages(ctx, pages, 0x8c0, order);
    if (pfn === null) {
      if (order-- === 0) break;
      continue;
    }
    for (let i = pfn; i < pfn + (1 << order); i++) expect((owner[i] = owner[i]! + 1)).toBe(1);
    if (freePagesOf(pages, 0) < 8000) order = Math.max(0, order - 1);
  }
  expect(owner.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(16_300);
});

const broken = (break_: (pages: ReturnType<typeof smallMachine>) => void): string[] => {
  const pages = smallMachine();
  allocPages(new Context(), pages, 0xcc0, 5);
  break_(pages);
  return checkBuddyInvariants(pages);
};

test('a counter that is off, a lost bit and a block in use on a list are all found', () => {
  expect(broken(() => {})).toEqual([]);
  expect(broken((pages) => pages.zoneState[0]!++)).toHaveLength(1);
  expect(broken((pages) => pages.areaFree[6]!++)).toHaveLength(1);
  expect(broken((pages) => (pages.listMask[MigrateType.MOVABLE] = 0)).length).toBeGreaterThan(0);
  expect(broken((pages) => pages.pcpState[0]!++)).toHaveLength(1);
  expect(broken((pages) => (pages.frames.refcount[pages.frames.slotOf(32)] = 1))).toHaveLength(1);
});

test('a snapshot brings back lists, counters and boosts', () => {
  const pages = smallMachine();
  churn(pages, 99, 200);
  const image = snapshotAllocator(pages);
  const frames = pages.frames.snapshot();
  const ctx = new Context();
  const first = [0, 1, 2, 3].map((order) => allocPages(ctx, pages, 0xcc0, order));
  churn(pages, 98, 500);
  restoreAllocator(pages, image);
  pages.frames.restore(frames);
  expect(checkBuddyInvariants(pages)).toEqual([]);
  expect([0, 1, 2, 3].map((order) => allocPages(ctx, pages, 0xcc0, order))).toEqual(first);
});

import { PageAllocator, allocPages, freePages, releaseRange } from '@mm/buddy';
import { PageFrames, PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { CellSpace, Context } from '@mm/steps';
import { Zones } from '@mm/zones';

import { type BuddyFloor, buddyFloor, buddyFloorWithPcp } from './buddy-floor.js';
import type { BenchCase, BenchSuite } from './suite.js';

const GFP_KERNEL = 0xcc0;
const PAGES_64M = 1 << 14;
const PAGES_256M = 1 << 16;
const PAGES_64G = 1 << 24;

/** A machine with one zone and plenty of memory, as a freshly booted one has. */
function machine(zonePages: number, checkPages: boolean): PageAllocator {
  const ranges = [{ startPfn: 0, endPfn: zonePages }];
  const zones = new Zones([
    {
      name: 'Normal',
      startPfn: 0,
      spannedPages: zonePages,
      presentPages: zonePages,
      managedPages: zonePages,
    },
    { name: 'Movable', startPfn: 0, spannedPages: 0, presentPages: 0, managedPages: 0 },
  ]);
  zones.wmark.set([1000, 1250, 1500, 1750]);
  zones.pcpHigh[0] = 378;
  zones.pcpBatch[0] = 63;
  const pages = new PageAllocator({
    memory: new PhysicalMemory(ranges),
    frames: new PageFrames(ranges),
    zones,
    cells: new CellSpace(),
    log: new KernelLog(),
    checkPages,
  });
  releaseRange(pages, 0, zonePages);
  return pages;
}

/** A generator of 32-bit numbers, the same for both sides. */
function xorshift(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

type Loop = (n: number) => unknown;

function alternate(pages: PageAllocator, order: number): Loop {
  const ctx = new Context();
  return (n) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const pfn = allocPages(ctx, pages, GFP_KERNEL, order)!;
      sum ^= pfn;
      freePages(ctx, pages, pfn, order);
    }
    return sum;
  };
}

function alternateFloor(floor: BuddyFloor, order: number): Loop {
  return (n) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const pfn = floor.alloc(order);
      sum ^= pfn;
      floor.free(pfn, order);
    }
    return sum;
  };
}

function batch(pages: PageAllocator, order: number, count: number): Loop {
  const ctx = new Context();
  const held = new Int32Array(count);
  return (n) => {
    for (let done = 0; done < n; done += count) {
      for (let i = 0; i < count; i++) held[i] = allocPages(ctx, pages, GFP_KERNEL, order)!;
      for (let i = 0; i < count; i++) freePages(ctx, pages, held[i]!, order);
    }
    return held[0];
  };
}

function batchFloor(floor: BuddyFloor, order: number, count: number): Loop {
  const held = new Int32Array(count);
  return (n) => {
    for (let done = 0; done < n; done += count) {
      for (let i = 0; i < count; i++) held[i] = floor.alloc(order);
      for (let i = 0; i < count; i++) floor.free(held[i]!, order);
    }
    return held[0];
  };
}

const SLOTS = 64;

function mix(pages: PageAllocator): Loop {
  const ctx = new Context();
  const random = xorshift(99);
  const orders = new Uint8Array(SLOTS);
  const held = new Int32Array(SLOTS).fill(-1);
  return (n) => {
    for (let i = 0; i < 2 * n; i++) {
      const x = random();
      const slot = x & (SLOTS - 1);
      if (held[slot]! >= 0) {
        freePages(ctx, pages, held[slot]!, orders[slot]!);
        held[slot] = -1;
      } else {
        const order = (x >>> 8) % 10;
        orders[slot] = order;
        held[slot] = allocPages(ctx, pages, GFP_KERNEL, order)!;
      }
    }
    return held[0];
  };
}

function mixFloor(floor: BuddyFloor): Loop {
  const random = xorshift(99);
  const orders = new Uint8Array(SLOTS);
  const held = new Int32Array(SLOTS).fill(-1);
  return (n) => {
    for (let i = 0; i < 2 * n; i++) {
      const x = random();
      const slot = x & (SLOTS - 1);
      if (held[slot]! >= 0) {
        floor.free(held[slot]!, orders[slot]!);
        held[slot] = -1;
      } else {
        const order = (x >>> 8) % 10;
        orders[slot] = order;
        held[slot] = floor.alloc(order);
      }
    }
    return held[0];
  };
}

const ours = (check = true, zonePages = PAGES_256M): PageAllocator => machine(zonePages, check);

const cases: BenchCase[] = [
  { name: 'floor, order 0', prepare: () => alternateFloor(buddyFloorWithPcp(), 0) },
  { name: 'order 0, alternating', prepare: () => alternate(ours(), 0), per: 'floor, order 0', goal: 5 },
  { name: 'floor, order 0 × 1000', prepare: () => batchFloor(buddyFloorWithPcp(), 0, 1000) },
  {
    name: 'order 0, 1000 at a time',
    prepare: () => batch(ours(), 0, 1000),
    per: 'floor, order 0 × 1000',
    goal: 1.8,
  },
  { name: 'floor, order 3', prepare: () => alternateFloor(buddyFloor(false), 3) },
  { name: 'order 3, alternating', prepare: () => alternate(ours(), 3), per: 'floor, order 3', goal: 1.2 },
  { name: 'floor, order 3 × 500', prepare: () => batchFloor(buddyFloor(false), 3, 500) },
  {
    name: 'order 3, 500 at a time',
    prepare: () => batch(ours(), 3, 500),
    per: 'floor, order 3 × 500',
    goal: 5,
  },
  { name: 'floor, order 9, pages checked', prepare: () => alternateFloor(buddyFloor(true), 9) },
  {
    name: 'order 9, alternating',
    prepare: () => alternate(ours(), 9),
    per: 'floor, order 9, pages checked',
    goal: 1.5,
  },
  { name: 'floor, mix 0..9, pages checked', prepare: () => mixFloor(buddyFloor(true)) },
  {
    name: 'mix 0..9, pages checked',
    prepare: () => mix(ours()),
    per: 'floor, mix 0..9, pages checked',
    goal: 1.5,
  },
  { name: 'floor, mix 0..9', prepare: () => mixFloor(buddyFloor(false)) },
  { name: 'mix 0..9, pages not checked', prepare: () => mix(ours(false)), per: 'floor, mix 0..9', goal: 4 },
  { name: 'mix 0..9 on 64 MiB', prepare: () => mix(ours(true, PAGES_64M)) },
  {
    name: 'mix 0..9 on 64 GiB',
    prepare: () => mix(ours(true, PAGES_64G)),
    per: 'mix 0..9 on 64 MiB',
    goal: 1.3,
  },
  { name: 'order 0 × 1000 on 64 MiB', prepare: () => batch(ours(true, PAGES_64M), 0, 1000) },
  {
    name: 'order 0 × 1000 on 64 GiB',
    prepare: () => batch(ours(true, PAGES_64G), 0, 1000),
    per: 'order 0 × 1000 on 64 MiB',
    goal: 1.3,
  },
];

/** What a machine of 64 GiB costs before its memory is used. */
function readiness(): string[] {
  const before = process.memoryUsage();
  const start = process.hrtime.bigint();
  const pages = machine(PAGES_64G, true);
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  const after = process.memoryUsage();
  const held = (after.arrayBuffers - before.arrayBuffers) / 2 ** 20;
  return [
    `64 GiB ready in ${ms.toFixed(1)} ms; its arrays hold ${held.toFixed(1)} MiB, the process ${(after.rss / 2 ** 20).toFixed(0)} MiB`,
    `metadata: ${(pages.frames.bytesHeld / pages.frames.slotCount).toFixed(1)} bytes a frame touched`,
  ];
}

const suite: BenchSuite = { operation: 'an allocation and its free', cases, notes: readiness };
export default suite;

import {
  ArenaTableSource,
  Prot,
  Quirk,
  type V7sConfig,
  type V7sPgtable,
  allocPgtable,
  freePgtable,
  iovaToPhys,
  mapPages,
  unmapPages,
} from '@iommu/v7s-pgtable';
import { PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { CellSpace, Context } from '@mm/steps';
import { expect, test } from 'vitest';

import { walk } from './walker.js';

const SIZES = [0x1000, 0x10000, 0x100000, 0x1000000];
const GFP_KERNEL = 0xcc0;

/** A small generator with a seed: the same program every time. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Stops the program where it and its model part. */
function agree(actual: unknown, expected: unknown): void {
  const [is, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== wanted) throw new Error(`expected ${wanted}, got ${is}`);
}

interface Mapping {
  readonly pa: number;
  readonly prot: number;
}

/** Runs a random program on the table and on a Map of 4 KiB pages; both must agree, and the walker with them. */
function runProgram(seed: number, changes: Partial<V7sConfig>, steps: number): number {
  const pick = random(seed);
  const memory = new PhysicalMemory([{ startPfn: 0x40000, endPfn: 0x48000 }]);
  const source = new ArenaTableSource(memory, { start: 0x40000000, end: 0x48000000 });
  const ctx = new Context();
  const flushed: [number, number][] = [];
  const config: V7sConfig = {
    ias: 32,
    oas: 32,
    pgsizeBitmap: 0x1111000,
    tlb: {
      addPage: (_, iova, granule) => flushed.push([iova, iova + granule]),
      flushWalk: (iova, size) => flushed.push([iova, iova + size]),
    },
    ...changes,
  };
  const table = allocPgtable(ctx, config, { memory, source, log: new KernelLog(), cells: new CellSpace() })!;
  const model = new Map<number, Mapping>();
  const mtk = ((config.quirks ?? 0) & Quirk.ARM_MTK_EXT) !== 0;
  for (let step = 0; step < steps; step++) {
    const size = SIZES[pick(4)]!;
    const count = 1 + pick(size >= 0x100000 ? 3 : 40);
    // 64 MiB of IOVA near the end of the space, so that ranges meet and run over it.
    const iova = 2 ** config.ias - 0x4000000 + Math.floor((pick(0x4000) * 0x1000) / size) * size;
    const bytes = size * count;
    const within = iova + bytes <= 2 ** config.ias;
    const pages = Array.from({ length: bytes / 4096 }, (_, i) => iova / 4096 + i);
    if (pick(5) < 3) {
      const pa = Math.floor((pick(0x1000) * 0x100000) / size) * size + (mtk ? pick(8) * 2 ** 32 : 0);
      const prot = 1 + pick(63);
      const mapped = { bytes: 0 };
      const ret = mapPages(ctx, table, iova, pa, size, count, prot, GFP_KERNEL, mapped);
      const free = within && pa + bytes <= 2 ** config.oas && pages.every((page) => !model.has(page));
      const wanted = (prot & 3) !== 0 && free;
      agree([step, ret === 0, mapped.bytes], [step, wanted, wanted ? bytes : 0]);
      if (wanted) for (const [i, page] of pages.entries()) model.set(page, { pa: pa + i * 4096, prot });
    } else {
      flushed.length = 0;
      let expectedBytes = 0;
      while (expectedBytes < bytes) {
        const piece = pages.slice(expectedBytes / 4096, (expectedBytes + size) / 4096);
        if (!piece.every((page) => model.has(page))) break;
        for (const page of piece) model.delete(page);
        expectedBytes += size;
      }
      agree([step, unmapPages(ctx, table, iova, size, count)], [step, expectedBytes]);
      for (const page of pages.slice(0, expectedBytes / 4096)) {
        const at = page * 4096;
        agree(
          flushed.some(([from, to]) => from <= at && at + 4096 <= to),
          true,
        );
      }
    }
    if (step % 16 === 0) compareAll(ctx, table, model, config);
  }
  compareAll(ctx, table, model, config);
  freePgtable(ctx, table);
  return source.l2Alive;
}

function compareAll(ctx: Context, table: V7sPgtable, model: Map<number, Mapping>, config: V7sConfig): void {
  const quirks = config.quirks ?? 0;
  const mediatek = (quirks & Quirk.ARM_MTK_EXT) !== 0;
  const { ttbr, prrr, nmrr } = table.registers;
  const start = 2 ** config.ias - 0x4000000;
  for (let iova = start + 0x123; iova < 2 ** config.ias; iova += 0x1000) {
    const mapping = model.get(Math.floor(iova / 4096));
    const pa = mapping === undefined ? null : mapping.pa + 0x123;
    const walked = walk((addr) => table.memory.read32(addr), { ttbr0: ttbr, prrr, nmrr }, iova, {
      mediatek,
      inputBits: config.ias,
    });
    if (iovaToPhys(ctx, table, iova) !== pa) agree([iova, iovaToPhys(ctx, table, iova)], [iova, pa]);
    if (mapping === undefined) {
      if (walked.ok) agree([iova, walked], [iova, 'no translation']);
      continue;
    }
    if (!walked.ok || walked.translation.pa !== pa) agree([iova, walked], [iova, pa]);
    if (walked.ok && (quirks & Quirk.NO_PERMS) === 0) {
      const { translation } = walked;
      const facts = [
        translation.privileged.write,
        translation.user.read,
        translation.executeNever,
        translation.memory,
      ];
      const { prot } = mapping;
      const wanted = [
        (prot & Prot.WRITE) !== 0,
        (prot & Prot.PRIV) === 0,
        (prot & Prot.NOEXEC) !== 0,
        (prot & Prot.MMIO) !== 0 ? 'device' : 'normal',
      ];
      if (facts.join() !== wanted.join()) agree([iova, facts], [iova, wanted]);
    }
  }
}

test.each([1, 2, 3, 4])('corrected agrees with a map of pages and an independent walk, seed %i', (seed) => {
  // Tables alive after the page table has been freed.
  expect(runProgram(seed, {}, 200)).toBe(0);
});

test.each([11, 12])('and with the non-secure bits, seed %i', (seed) => {
  // Tables alive after the page table has been freed.
  expect(runProgram(seed, { quirks: Quirk.ARM_NS }, 120)).toBe(0);
});

test.each([21, 22])('and with 34 bits of IOVA and 35 of physical address, seed %i', (seed) => {
  // Tables alive after the page table has been freed.
  expect(runProgram(seed, { quirks: Quirk.NO_PERMS | Quirk.ARM_MTK_EXT, ias: 34, oas: 35 }, 120)).toBe(0);
});

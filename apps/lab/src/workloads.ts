import { randomFrom } from './option-values.js';

/** A mapping made or taken away, in bytes. */
export type WorkloadOp =
  | { readonly kind: 'map'; readonly iova: number; readonly pa: number; readonly size: number }
  | { readonly kind: 'unmap'; readonly iova: number; readonly size: number };

/** A sequence of maps and unmaps that every source of tables goes through. */
export interface Workload {
  readonly name: string;
  readonly ops: readonly WorkloadOp[];
}

const KIB = 1024;
const MIB = KIB * KIB;
const PA = 0x10000000;

const map = (iova: number, size: number): WorkloadOp => ({ kind: 'map', iova, pa: PA + (iova % PA), size });
const unmap = (iova: number, size: number): WorkloadOp => ({ kind: 'unmap', iova, size });

/** One page in each MiB of 1 GiB: a table for each page. */
function sparse(): WorkloadOp[] {
  return Array.from({ length: 1024 }, (_, i) => map(i * MIB, 4 * KIB));
}

/** All pages of 64 MiB, one by one: a table for 256 pages. */
function dense(): WorkloadOp[] {
  return Array.from({ length: 16_384 }, (_, i) => map(i * 4 * KIB, 4 * KIB));
}

/** 2048 pages over 512 MiB; half of them unmapped at random and mapped again, eight times. */
function churn(seed: number): WorkloadOp[] {
  const pick = randomFrom(seed);
  const places = Array.from({ length: 2048 }, (_, i) => i * 256 * KIB);
  const ops = places.map((iova) => map(iova, 4 * KIB));
  for (let round = 0; round < 8; round++) {
    const chosen = places.filter(() => pick(2) === 0);
    ops.push(...chosen.map((iova) => unmap(iova, 4 * KIB)));
    ops.push(...chosen.map((iova) => map(iova, 4 * KIB)));
  }
  return ops;
}

/** A video codec: a ring of frames of 3 MiB and 64 KiB of bits each, made and given back in turn. */
function codec(): WorkloadOp[] {
  const ops: WorkloadOp[] = [];
  const frameBytes = 3 * MIB + 112 * KIB;
  const place = (frame: number): number => 0x40000000 + (frame % 16) * 4 * MIB;
  const bits = (frame: number): number => 0x60000000 + (frame % 16) * 128 * KIB;
  for (let frame = 0; frame < 256; frame++) {
    if (frame >= 8) ops.push(unmap(place(frame - 8), frameBytes), unmap(bits(frame - 8), 64 * KIB));
    ops.push(map(place(frame), frameBytes), map(bits(frame), 64 * KIB));
  }
  return ops;
}

/**
 * One table kept of every 32 made: each fragment block stays for the sake of one table. A table is given back by
 * mapping a section where it was.
 */
function worstPageFrag(): WorkloadOp[] {
  const ops: WorkloadOp[] = [];
  const scratch = 4095 * MIB;
  for (let kept = 0; kept < 1024; kept++) {
    ops.push(map(kept * MIB, 4 * KIB));
    for (let i = 0; i < 31; i++) {
      ops.push(map(scratch, 4 * KIB), unmap(scratch, 4 * KIB), map(scratch, MIB), unmap(scratch, MIB));
    }
  }
  return ops;
}

/** The workloads that need no recording. */
export function madeWorkloads(seed: number): Workload[] {
  return [
    { name: 'sparse', ops: sparse() },
    { name: 'dense', ops: dense() },
    { name: 'churn', ops: churn(seed) },
    { name: 'codec', ops: codec() },
    { name: 'page-frag-worst', ops: worstPageFrag() },
  ];
}

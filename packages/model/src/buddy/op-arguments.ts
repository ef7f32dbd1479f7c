import type { VmSysctl } from '@mm/zones';

import type { Op } from '../subsystem.js';

/** Failures are expected here: they are not reported in the log. */
const NOWARN = 0x2000;

/** Masks in use, by zone, urgency and mobility: kernel, atomic, no wait, DMA, DMA32, movable, reclaimable, zeroed, compound. */
const GFPS = [
  0xcc0, 0xcc0, 0xa20, 0x800, 0xcc1, 0xcc4, 0x100cca, 0x100cca, 0x100cc2, 0xcd0, 0xdc0, 0x40cc0, 0x20cc0,
  0x80a20, 0x10cc0,
];

/** Small blocks are the usual ones. */
const ORDERS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4, 5, 6, 7, 8, 9, 10];

/** Flags and order of an allocation. */
export function allocArguments(op: Op): { readonly gfp: number; readonly order: number } {
  return { gfp: GFPS[op.a % GFPS.length]! | NOWARN, order: ORDERS[(op.a >>> 8) % ORDERS.length]! };
}

/** Flags and count of a bulk allocation. */
export function bulkArguments(op: Op): { readonly gfp: number; readonly count: number } {
  return { gfp: GFPS[op.a % GFPS.length]! | NOWARN, count: 1 + (op.b % 32) };
}

/** A value that the kernel takes for a sysctl, small machines included. */
export function sysctlText(name: VmSysctl, b: number): string {
  if (name === 'min_free_kbytes') return String(128 + (b % 4096));
  if (name === 'watermark_scale_factor') return String(1 + (b % 100));
  if (name === 'lowmem_reserve_ratio') return ['256 256 32 0', '0 0 0 0', '64 64 8 0'][b % 3]!;
  if (name === 'percpu_pagelist_high_fraction') return ['0', '8', '64'][b % 3]!;
  return String((b % 3) * 7500);
}

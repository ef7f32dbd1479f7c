import {
  GenPool,
  type GenPoolAlgorithm,
  bestFit,
  firstFit,
  firstFitAlign,
  firstFitOrderAlign,
  fixedAlloc,
} from '@mm/genalloc';

import type { Mismatch } from './mismatch.js';

/** A case of a `genalloc` recording. The last element of an operation is what Linux answered. */
export interface GenallocCase {
  readonly min_alloc_order: number;
  readonly ops: readonly (readonly [string, ...unknown[]])[];
}

const ALGORITHMS: Readonly<Record<string, GenPoolAlgorithm>> = {
  first_fit: firstFit,
  best_fit: bestFit,
  order_align: firstFitOrderAlign,
};

interface Held {
  readonly address: number | bigint | null;
  readonly sizeBytes: number;
}

/**
 * Plays one case. Input: the granule, the operations and their arguments. Expectation: the last element
 * of each operation: return codes, addresses, physical addresses, bytes available.
 */
export function playGenallocCase(recorded: GenallocCase): Mismatch | null {
  const pool = new GenPool(recorded.min_alloc_order);
  const held: Held[] = [];
  for (const [i, op] of recorded.ops.entries()) {
    const expected = op.at(-1);
    const actual = playOp(pool, held, op);
    if (JSON.stringify(actual) !== JSON.stringify(expected)) {
      return { path: `ops[${i}] ${op[0]}`, expected, actual };
    }
  }
  return null;
}

function take(pool: GenPool, held: Held[], sizeBytes: number, algorithm?: GenPoolAlgorithm): unknown {
  const address = pool.alloc(sizeBytes, algorithm);
  held.push({ address, sizeBytes });
  const phys = address === null ? null : (pool.virtToPhys(address)?.toString(16) ?? null);
  return [(address ?? 0).toString(16), phys, pool.avail()];
}

function playOp(pool: GenPool, held: Held[], op: readonly [string, ...unknown[]]): unknown {
  const [kind, first, second, third] = op as readonly [string, ...number[]];
  switch (kind) {
    case 'add':
      return pool.addVirt(first!, second!, third!);
    case 'algo': {
      const algorithm = ALGORITHMS[op[1] as string];
      if (algorithm === undefined) return `unknown algorithm ${String(op[1])}`;
      pool.setAlgorithm(algorithm);
      return 0;
    }
    case 'alloc':
      return take(pool, held, first!);
    case 'align':
      return take(pool, held, first!, firstFitAlign(second!));
    case 'fixed':
      return take(pool, held, first!, fixedAlloc(second!));
    case 'free': {
      const handle = held[first!]!;
      if (handle.address === null) return [0, pool.avail()];
      pool.free(handle.address, handle.sizeBytes);
      return [1, pool.avail()];
    }
    case 'has':
      return pool.hasAddr(first!, second!) ? 1 : 0;
    case 'size':
      return [pool.size(), pool.avail()];
    default:
      return `unknown operation ${kind}`;
  }
}

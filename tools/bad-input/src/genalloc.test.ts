import * as genalloc from '@mm/genalloc';
import { KernelLog } from '@mm/printk';

import type { Row } from './row.js';
import { tryWrongValues } from './try-wrong-values.js';

const { GenPool, firstFit } = genalloc;

const AT = 0x1000;

interface World {
  readonly pool: genalloc.GenPool;
  readonly bitmap: Int32Array;
}

function makeWorld(): World {
  const pool = new GenPool(4);
  pool.addVirt(AT, 0x4000, 4096);
  pool.alloc(64);
  return { pool, bitmap: new Int32Array(4) };
}

function stateOf({ pool, bitmap }: World): unknown {
  const chunks: unknown[] = [];
  pool.forEachChunk((chunk) => chunks.push({ ...chunk }));
  return [chunks, pool.checkInvariants(), [...bitmap]];
}

const method = (name: string, args: readonly unknown[], accepts: Row<World>['accepts'] = {}): Row<World> => ({
  args: () => args,
  call: ({ pool }, given) => (pool[name as 'alloc'] as (...all: never[]) => unknown).call(pool, ...given),
  accepts,
});
const search: Row<World> = { args: ({ bitmap }) => [bitmap, 128, 0, 4], accepts: { 3: [] } };
/** An algorithm is a function; what it chooses is checked when it is asked. */
const byDefault = ['undefined'];

tryWrongValues<World>('@mm/genalloc', {
  face: genalloc,
  makeWorld,
  stateOf,
  rows: {
    firstFit: search,
    firstFitOrderAlign: search,
    bestFit: search,
    firstFitAlign: { args: () => [1024] },
    fixedAlloc: { args: () => [64, new KernelLog()], accepts: { 1: byDefault } },
    'new GenPool': { args: () => [4] },
    'GenPool.addVirt': method('addVirt', [0x8000, 0x8000, 4096, null], { 0: ['1n'], 1: ['1n'], 3: 'any' }),
    'GenPool.add': method('add', [0x8000, 4096, null], { 0: ['1n'], 2: 'any' }),
    'GenPool.setAlgorithm': method('setAlgorithm', [firstFit], { 0: ['null', 'function'] }),
    // A function that chooses nothing finds no place.
    'GenPool.alloc': method('alloc', [64, firstFit], { 1: [...byDefault, 'function'] }),
    'GenPool.allocOwner': method('allocOwner', [64, firstFit], { 1: [...byDefault, 'function'] }),
    'GenPool.dmaAlloc': method('dmaAlloc', [64, firstFit], { 1: [...byDefault, 'function'] }),
    'GenPool.free': method('free', [AT, 64]),
    'GenPool.freeOwner': method('freeOwner', [AT, 64]),
    'GenPool.hasAddr': method('hasAddr', [AT, 64], { 0: ['1n'] }),
    'GenPool.virtToPhys': method('virtToPhys', [AT], { 0: ['1n'] }),
    'GenPool.forEachChunk': method('forEachChunk', [() => {}], { 0: ['function'] }),
    checkGenPoolInvariants: { args: ({ pool }) => [pool] },
  },
});

import { PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { CellSpace, Context } from '@mm/steps';
import { expect, test } from 'vitest';

import { type Address, farAddress, nearAddress } from './addresses.js';
import { ArenaTableSource } from './arena-source.js';
import { checkRequest } from './check-request.js';
import { type V7sConfig } from './config.js';
import { CONT_SECTION, TYPE_TABLE, isCont } from './descriptors.js';
import { type V7sPgtable, allocPgtable } from './index.js';
import { tableFits } from './table-fits.js';

const LOW = { start: 0x40000000, end: 0x40100000 };

function tableOf(changes: Partial<V7sConfig>): V7sPgtable {
  const memory = new PhysicalMemory([{ startPfn: 0x40000, endPfn: 0x40100 }]);
  const source = new ArenaTableSource(memory, LOW, LOW, false);
  const rest = { memory, source, log: new KernelLog(), cells: new CellSpace() };
  return allocPgtable(new Context(), { ias: 24, oas: 26, pgsizeBitmap: 0x111000, ...changes }, rest)!;
}

const IOVA_END = 2 ** 24;
const PA_END = 2 ** 26;

test.each([
  ['the whole range of both', 0, 0, 0x1000, 4096, 0],
  ['the last page of both', IOVA_END - 0x1000, PA_END - 0x1000, 0x1000, 1, 0],
  ['the last section', IOVA_END - 0x100000, PA_END - 0x100000, 0x100000, 1, 0],
  ['nothing, at the end of the IOVAs', IOVA_END, 0, 0x1000, 0, -34],
  ['nothing, at the end of the physical addresses', 0, PA_END, 0x1000, 0, -34],
  ['one page over the end of the IOVAs', IOVA_END - 0x1000, 0, 0x1000, 2, -34],
  ['one page over the end of the physical addresses', 0, PA_END - 0x1000, 0x1000, 2, -34],
  ['a size that the table lacks', 0, 0, 0x1000000, 1, -22],
  ['two sizes at once', 0, 0, 0x11000, 1, -22],
  ['no size', 0, 0, 0, 1, -22],
  ['an IOVA between pages', 0x800, 0, 0x1000, 1, -22],
  ['a physical address between large pages', 0, 0x1000, 0x10000, 1, -22],
])('%s: %d to %d, pages of %d, %d of them: %d', (_, iova, pa, size, count, ret) => {
  expect(checkRequest(tableOf({}), iova, pa, size, count)).toBe(ret);
});

test('an address is a whole number from 0 that 64 bits hold', () => {
  for (const odd of [-1, 0.5, Number.NaN, Infinity, -1n, 2n ** 64n])
    expect(() => farAddress(odd)).toThrow('address: expected an integer of 64 bits, from 0, got');
  const table = tableOf({ behaviour: 'linux-6.1' });
  for (const odd of [-1n, 2n ** 64n])
    expect(() => nearAddress(table, odd)).toThrow('address: expected an integer of 64 bits, from 0, got');
});

test.each<[Address, number, number]>([
  [0x1000, 0x1000, 0x1000],
  [0x1000n, 0x1000, 0x1000],
  [2n ** 53n - 1n, 2 ** 53 - 1, 2 ** 52 - 1],
  [2n ** 53n, Infinity, 0],
  [2n ** 64n - 1n, Infinity, 2 ** 52 - 1],
  [2n ** 52n + 0x2000n, 2 ** 52 + 0x2000, 0x2000],
])('%s is far %d for a range, and near %d for a translation of Linux 6.1', (address, far, near) => {
  expect(farAddress(address)).toBe(far);
  expect(nearAddress(tableOf({ behaviour: 'linux-6.1' }), address)).toBe(near);
  expect(nearAddress(tableOf({ behaviour: 'corrected' }), address)).toBe(far);
});

const reach = (changes: Partial<V7sConfig>, addr: number) => tableFits(tableOf(changes), addr, 1024);

test('a table fits where its descriptor holds its address and the device reaches its last byte', () => {
  const end = 2 ** 31;
  expect(reach({ deviceMaskBits: 31, coherentWalk: false }, end - 1024)).toBe(true);
  expect(reach({ deviceMaskBits: 31, coherentWalk: false }, end - 1023)).toBe(false);
  expect(reach({ deviceMaskBits: 31, coherentWalk: false }, end)).toBe(false);
  expect(reach({ deviceMaskBits: 31, coherentWalk: true }, end)).toBe(true);
  expect(reach({}, 2 ** 32 - 1024)).toBe(true);
  expect(reach({}, 2 ** 32)).toBe(false);
});

test('a pointer to a table is no contiguous section, whatever the bits of its address', () => {
  expect(isCont(CONT_SECTION | TYPE_TABLE, 1)).toBe(false);
  expect(isCont(CONT_SECTION | 2, 1)).toBe(true);
  expect(isCont(2, 1)).toBe(false);
});

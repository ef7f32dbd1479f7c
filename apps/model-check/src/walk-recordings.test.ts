import { readFileSync, readdirSync } from 'node:fs';
import { Quirk, type V7sPgtable } from '@iommu/v7s-pgtable';
import { type V7sCase, playV7sCase } from '@mm/golden';
import { walk } from '@mm/model';
import { expect, test } from 'vitest';

const folder = new URL('../../../golden/v7s/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

let walks = 0;

/** What an MMU finds that walks the tables as they stand in memory. */
function walked({ memory, registers, quirks, ias }: V7sPgtable, iova: number): number | null {
  const has = (quirk: number): boolean => (quirks & quirk) !== 0;
  const found = walk(
    (addr) => (memory.map.has(Math.floor(addr / 4096)) ? memory.read32(addr) : null),
    { ttbr0: registers.ttbr, prrr: registers.prrr, nmrr: registers.nmrr },
    iova,
    {
      mediatek: has(Quirk.ARM_MTK_EXT),
      highTables: has(Quirk.ARM_MTK_TTBR_EXT),
      noPermissions: has(Quirk.NO_PERMS),
      inputBits: ias,
    },
  );
  return found.ok ? found.translation.pa : null;
}

test.each(files)(
  '%s: each translation of a recorded kernel is where a walk over its tables leads',
  (name) => {
    const cases: V7sCase[] = JSON.parse(readFileSync(new URL(name, folder), 'utf8')).cases;
    const differing: unknown[] = [];
    for (const recorded of cases)
      playV7sCase(recorded, (table, iova, pa) => {
        // What is no IOVA never reaches an MMU: there the kernel looks at the low bits alone (L6).
        if (iova >= table.iovaEnd) return;
        walks++;
        const found = walked(table, Number(iova));
        if (found !== pa) differing.push([recorded.name, Number(iova).toString(16), pa, found]);
      });
    expect(differing.slice(0, 4)).toEqual([]);
  },
);

test('translations of every kind were walked', () => {
  expect(walks).toBeGreaterThan(10_000);
});

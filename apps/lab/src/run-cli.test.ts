import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { walk } from '@mm/model';
import { expect, test, vi } from 'vitest';

import { SOURCE_NAMES, type SourceCost, costOf } from './compare-sources.js';
import { makeImage } from './image.js';
import { parseIommuTrace } from './iommu-trace.js';
import { runCli } from './run-cli.js';
import { madeWorkloads } from './workloads.js';

const traceFile = fileURLToPath(new URL('../../../traces/linux-6.1-tree-iommu.txt.gz', import.meta.url));

const text = (spy: { mock: { calls: unknown[][] } }): string => spy.mock.calls.flat().join('\n');

function run(...args: string[]): { code: number; out: string; err: string } {
  const out = vi.spyOn(console, 'log').mockImplementation(() => {});
  const err = vi.spyOn(console, 'error').mockImplementation(() => {});
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
  const code = runCli(args);
  const result = { code, out: text(out), err: text(err) };
  for (const spy of [out, err, stderr, stdout]) spy.mockRestore();
  return result;
}

test.each([
  ['512M', 2 ** 29],
  ['4G', 3 * 2 ** 30],
])('an image with %s of RAM walks as it says it does', (ram, bytes) => {
  const image = makeImage({ seed: 7, maps: 60, preset: 'arm64-2018', ram });
  const words = new Map<number, number>();
  for (const { addr, words: block } of image.memory) {
    for (const [i, word] of block.entries()) words.set(Number(addr) + i * 4, Number(word));
    expect(Number(addr) >= 0x40000000 && Number(addr) < 0x40000000 + bytes).toBe(true);
  }
  const registers = { ttbr0: Number(image.ttbr0), prrr: Number(image.prrr), nmrr: Number(image.nmrr) };
  for (const { iova, pa, write } of image.expect) {
    const result = walk((addr) => words.get(addr) ?? null, registers, Number(iova));
    const seen = result.ok ? { pa: result.translation.pa, write: result.translation.privileged.write } : null;
    expect([iova, seen]).toEqual([iova, pa === null ? null : { pa: Number(pa), write }]);
  }
  expect(image.expect.filter(({ pa }) => pa === null).length).toBeGreaterThan(20);
});

const make = (): string => JSON.stringify(makeImage({ seed: 3, maps: 20, preset: 'arm64-2018', ram: '1G' }));

test('the same seed gives the same image', () => {
  expect(make()).toBe(make());
});

test('a real recording runs over every source, and the same tables are alive with each', () => {
  const { code, out } = run('l2-tables', '--trace', traceFile, '--json');
  expect(code).toBe(0);
  const { costs } = JSON.parse(out) as { costs: SourceCost[] };
  expect(costs.map(({ source }) => source)).toEqual(SOURCE_NAMES);
  expect(new Set(costs.map(({ tablesPeak }) => tablesPeak)).size).toBe(1);
  expect(costs.every(({ failed }) => failed === 0)).toBe(true);
});

test('the pool costs 4 MiB from its first table, a page each four times the tables', () => {
  const sparse = madeWorkloads(1).filter(({ name }) => name === 'sparse')[0]!;
  const options = { preset: 'arm64-2018', ramBytes: '1G' } as const;
  expect(costOf(sparse, 'genalloc', options).bytesPeak).toBe(4 * 2 ** 20);
  expect(costOf(sparse, 'page', options).bytesPeak).toBe(1024 * 4096);
  expect(costOf(sparse, 'page-frag', options).bytesPeak).toBe(1024 * 1024);
});

test('events are read from tracefs text, trace-cmd report and perf script', () => {
  const lines = [
    '  <idle>-0  [001] d.h1.  8.14: map: IOMMU: iova=0x00000000fffff000 - 0x0000000100000000 paddr=0x00000000082cb000 size=4096',
    ' swapper-0 [001]  8.150: map:                  IOMMU: iova=0x10000 - 0x11000 paddr=0x20000 size=4096',
    ' swapper     0 [001]     8.2: iommu:unmap: IOMMU: iova=0x10000 - 0x11000 size=4096 unmapped_size=4096',
    ' something else: IOMMU',
  ];
  const { ops } = parseIommuTrace(lines.join('\n'), 'three');
  expect(ops.map(({ kind, iova }) => [kind, iova])).toEqual([
    ['map', 0xfffff000],
    ['map', 0x10000],
    ['unmap', 0x10000],
  ]);
});

test('broken input ends in 2 and is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mm-lab-'));
  const file = join(folder, 'broken.txt');
  writeFileSync(file, 'x [000] map: IOMMU: iova=0x123 - 0x4');
  const gzip = join(folder, 'broken.gz');
  writeFileSync(gzip, Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]));
  const wrong: [string[], string][] = [
    [['l2-tables', '--trace', file], 'broken.txt:1: expected a whole iommu event'],
    [['l2-tables', '--trace', gzip], '--trace: expected a whole gzip file'],
    [['l2-tables', '--trace', join(folder, 'none')], '--trace: expected a file that can be read'],
    [['l2-tables', '--workload', 'nothing'], '--workload: expected one of sparse'],
    [['l2-tables', '--source', 'nothing'], '--source: expected one of slub, slab, page'],
    [['l2-tables', '--source', 'toString'], '--source: expected one of slub, slab, page'],
    [['image', '--maps', '-3', join(folder, 'a.json')], '--maps: expected a whole number'],
    [['image', '--ram', 'much', join(folder, 'a.json')], '--ram: expected a positive multiple of 4096 bytes'],
    [['image', '--preset', 'pdp11', join(folder, 'a.json')], '--preset: expected one of arm64-2018'],
    [['l2-tables', '--ram', '3'], '--ram: expected a positive multiple of 4096 bytes'],
    [['image', join(folder, 'no', 'folder.json')], 'file: expected a file that can be written'],
  ];
  for (const [args, message] of wrong) {
    const { code, err } = run(...args);
    expect([args, code]).toEqual([args, 2]);
    expect(err).toContain(message);
  }
  expect(run('nothing').code).toBe(2);
  expect(run('--help').code).toBe(0);
});

test('a plot is one file that refers to nothing', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'mm-lab-')), 'plot.svg');
  expect(run('l2-tables', '--workload', 'sparse', '--svg', file).code).toBe(0);
  const svg = readFileSync(file, 'utf8');
  expect(svg).toMatch(/^<svg .*<\/svg>\n$/su);
  expect(svg).not.toContain('href');
});

import {
  MAX_ORDER,
  MIGRATE_TYPES,
  MIGRATE_TYPE_NAMES,
  MigrateType,
  NR_PCP_LISTS,
  type PageAllocator,
  PcpWord,
  freeListPfns,
  pcpAt,
  pcpListPfns,
} from '@mm/buddy';
import { PageFlag, orderOfFlags } from '@mm/memory';
import type { KernelFs } from '@mm/sysfs';

import { ModelViolation } from '../model-violation.js';

const lines = (fs: KernelFs, name: string): string[] => fs.readFileSync(`/proc/${name}`, 'utf8').split('\n');

function expectNumbers(where: string, actual: readonly number[], expected: readonly number[]): void {
  if (actual.join(' ') !== expected.join(' '))
    throw new ModelViolation(
      'every number that is printed equals what a walk finds',
      `${where}: ${actual.join(' ')}, found ${expected.join(' ')}`,
    );
}

/** `Node 0, zone ` and a name of 8. */
const LABEL_CHARS = 21;

const numbersIn = (text: string): number[] => (text.match(/\d+/gu) ?? []).map(Number);

/** Free blocks by order, of one zone and migrate type. */
const blocksOf = (pages: PageAllocator, zone: number, type: number): number[] =>
  Array.from({ length: MAX_ORDER }, (_, order) => freeListPfns(pages, zone, order, type).length);

/** Holds buddyinfo, pagetypeinfo, zoneinfo and meminfo against the lists of free pages. @throws ModelViolation */
export function checkPageFiles(fs: KernelFs, pages: PageAllocator, slabPages: number): void {
  const { zones } = pages;
  const populated = zones.indices().filter((zone) => zones.present[zone]! > 0);
  const [buddy, types] = [lines(fs, 'buddyinfo'), lines(fs, 'pagetypeinfo')];
  for (const [i, zone] of populated.entries()) {
    const byType = Array.from({ length: MIGRATE_TYPES }, (_, type) => blocksOf(pages, zone, type));
    const sums = byType[0]!.map((_, order) => byType.reduce((sum, counts) => sum + counts[order]!, 0));
    expectNumbers(`buddyinfo ${zones.names[zone]}`, numbersIn(buddy[i]!.slice(LABEL_CHARS)), sums);
    for (const [type, counts] of byType.entries()) {
      const row = types.find((line) =>
        line.includes(
          `zone ${zones.names[zone]!.padStart(8)}, type ${MIGRATE_TYPE_NAMES[type]!.padStart(12)} `,
        ),
      )!;
      expectNumbers(
        `pagetypeinfo ${zones.names[zone]} ${MIGRATE_TYPE_NAMES[type]}`,
        numbersIn(row.slice(row.indexOf(', type ') + 20)),
        counts,
      );
    }
  }
  checkZoneinfo(fs, pages);
  checkMeminfo(fs, pages, slabPages);
}

/** Free pages on lists, but those that are isolated, which do not count as free. */
function freeOnLists(pages: PageAllocator, zone: number): number {
  let free = 0;
  for (let type = 0; type < MIGRATE_TYPES; type++)
    if (type !== MigrateType.ISOLATE)
      for (const [order, count] of blocksOf(pages, zone, type).entries()) free += count * 2 ** order;
  return free;
}

/** What CPUs have counted and not folded in yet. */
function notFolded(pages: PageAllocator, zone: number): number {
  let sum = 0;
  for (let cpu = 0; cpu < pages.cpus; cpu++) sum += pages.pcpState[pcpAt(cpu, zone) + PcpWord.freeDiff]!;
  return sum;
}

function checkZoneinfo(fs: KernelFs, pages: PageAllocator): void {
  const sections = fs
    .readFileSync('/proc/zoneinfo', 'utf8')
    .split(/^Node 0, zone +/mu)
    .slice(1);
  for (const [zone, section] of sections.entries()) {
    const name = pages.zones.names[zone]!;
    const free = numbersIn(/pages free +(\d+)/u.exec(section)![0]);
    expectNumbers(`zoneinfo ${name} free`, free, [
      Math.max(0, freeOnLists(pages, zone) - notFolded(pages, zone)),
    ]);
    const counts = [...section.matchAll(/count: (\d+)/gu)].map((match) => Number(match[1]));
    if (counts.length === 0) continue;
    const held = Array.from({ length: pages.cpus }, (_, cpu) => {
      let sum = 0;
      for (let index = 0; index < NR_PCP_LISTS; index++)
        sum += pcpListPfns(pages, cpu, zone, index).length * 2 ** Math.floor(index / 3);
      return sum;
    });
    expectNumbers(`zoneinfo ${name} count`, counts, held);
  }
}

function checkMeminfo(fs: KernelFs, pages: PageAllocator, slabPages: number): void {
  const text = fs.readFileSync('/proc/meminfo', 'utf8');
  const kb = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'mu').exec(text)![1]);
  let free = 0;
  let managed = 0;
  for (const zone of pages.zones.indices()) {
    free += freeOnLists(pages, zone) - notFolded(pages, zone);
    managed += pages.zones.managed[zone]!;
  }
  expectNumbers(
    'meminfo',
    [kb('MemTotal'), kb('MemFree'), kb('Slab')],
    [managed * 4, Math.max(0, free) * 4, slabPages * 4],
  );
  checkVmstat(fs, free, slabPages);
}

function checkVmstat(fs: KernelFs, free: number, slabPages: number): void {
  const text = fs.readFileSync('/proc/vmstat', 'utf8');
  const count = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'mu').exec(text)![1]);
  const slab = count('nr_slab_reclaimable') + count('nr_slab_unreclaimable');
  expectNumbers('vmstat', [count('nr_free_pages'), slab], [Math.max(0, free), slabPages]);
}

/** Pages of slabs that belong to a cache, and of what kmalloc took whole, given its sizes. */
export function pagesOfSlabs(pages: PageAllocator, largeBytes: readonly number[]): number {
  const { frames } = pages;
  let sum = 0;
  for (let slot = 1; slot < frames.slotCount; slot++)
    if ((frames.flags[slot]! & PageFlag.slab) !== 0) sum += 2 ** orderOfFlags(frames.flags[slot]!);
  for (const bytes of largeBytes) sum += 2 ** Math.max(0, Math.ceil(Math.log2(bytes / 4096)));
  return sum;
}

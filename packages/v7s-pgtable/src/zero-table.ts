import type { PhysicalMemory } from '@mm/memory';

/** Zeroes the 1024 bytes of a level 2 table at `addr`. */
export function zeroTable(memory: PhysicalMemory, addr: number): void {
  const pfn = Math.floor(addr / 4096);
  const first = memory.wordIndexOf(pfn) + ((addr & 4095) >> 2);
  memory.wordsOf(pfn).fill(0, first, first + 256);
}

import { SLAB_RED_ZONE, SLAB_STORE_USER, hexDumpLine, virtualAddress } from '@mm/kmem';
import { readBytes } from '@mm/memory';
import { LogLevel } from '@mm/printk';

import type { SlabCache } from '../slab-cache.js';
import { POISON_FREE, formatWord, readWord, redZonesOf, userWordOf } from './object-layout.js';

const say = (cache: SlabCache, text: string): void => cache.system.log.write(LogLevel.err, text);

/** An address as `%px` prints it. */
export const virtual = (cache: SlabCache, address: number): string =>
  virtualAddress(cache.system.arch, address);

/** Something is wrong with a cache; `where` found it. @see linux 6.1 mm/slab.c __slab_error */
export function slabError(cache: SlabCache, where: string, what: string): void {
  say(cache, `slab error in ${where}(): cache \`${cache.name}': ${what}`);
  cache.system.log.taint('B');
}

/** The red zones of an object, behind a {@link slabError}. `room`: where the object's room begins. */
export function printRedZones(cache: SlabCache, object: number): void {
  const [first, second] = redZonesOf(cache, object).map((at) => formatWord(readWord(cache, at)));
  say(cache, `${virtual(cache, object - cache.objOffset)}: redzone 1:0x${first}, redzone 2:0x${second}`);
}

/**
 * What is known of an object, and up to `lines` lines of its bytes.
 * @see linux 6.1 mm/slab.c print_objinfo
 */
export function printObjectInfo(cache: SlabCache, object: number, lines: number): void {
  if ((cache.flags & SLAB_RED_ZONE) !== 0) {
    const [first, second] = redZonesOf(cache, object).map((at) => formatWord(readWord(cache, at)));
    say(cache, `Redzone: 0x${first}/0x${second}`);
  }
  if ((cache.flags & SLAB_STORE_USER) !== 0) {
    const user = cache.system.memory.read32(userWordOf(cache, object));
    say(cache, `Last user: (${user === 0 ? '0x0' : 'caller+0x0/0x0'})`);
  }
  for (let i = 0; i < cache.objectSize && i < lines * 16; i += 16) dumpLine(cache, object, i);
}

/** Up to 16 bytes of an object. One flipped bit is pointed out. @see linux 6.1 mm/slab.c dump_line */
export function dumpLine(cache: SlabCache, object: number, offset: number): void {
  const { memory } = cache.system;
  const bytes = readBytes(memory, object + offset, Math.min(16, cache.objectSize - offset));
  say(cache, `${offset.toString(16).padStart(3, '0')}: ${hexDumpLine(bytes)}`);
  const wrong = [...bytes].filter((byte) => byte !== POISON_FREE);
  if (wrong.length !== 1) return;
  const flipped = wrong[0]! ^ POISON_FREE;
  if ((flipped & (flipped - 1)) !== 0) return;
  say(cache, 'Single bit error detected. Probably bad RAM.');
  say(
    cache,
    cache.system.arch.isX86 ? 'Run memtest86+ or a similar memory test tool.' : 'Run a memory test tool.',
  );
}

/** The head of a report of overwritten poison. */
export function printCorruption(cache: SlabCache, object: number): void {
  say(
    cache,
    `Slab corruption (${cache.system.log.taintText}): ${cache.name} start=${virtual(cache, object)}, len=${cache.objectSize}`,
  );
  printObjectInfo(cache, object, 0);
}

/** The objects beside one that was overwritten: the culprit is often their owner. */
export function printNeighbour(cache: SlabCache, which: 'Prev' | 'Next', object: number): void {
  say(cache, `${which} obj: start=${virtual(cache, object)}, len=${cache.objectSize}`);
  printObjectInfo(cache, object, 2);
}

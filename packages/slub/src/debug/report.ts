import { SLAB_RED_ZONE, SLAB_STORE_USER, hexDumpLine, virtualAddress } from '@mm/kmem';
import { PageFlag, readBytes } from '@mm/memory';
import { LogLevel } from '@mm/printk';

import { BAD_POINTER } from '../free-pointer.js';
import { infoEnd } from '../orig-size.js';
import { inuseOf, objectsOf } from '../slab-counters.js';
import type { SlubCache } from '../slub-cache.js';
import { trackBytes } from '../slub-geometry.js';
import { isValidObject, paddingStart, sizeFromObject, slabBase } from './object-layout.js';

/** Where the kernel keeps its struct pages, 64 bytes each. */
const VMEMMAP = 0xffffea0000000000n;
const PAGE_SIZE = 4096;

const say = (cache: SlubCache, text: string): void => cache.system.log.write(LogLevel.err, text);

/** A virtual address as the kernel prints it when it does not hide addresses: no prefix. */
export const virtual = (cache: SlubCache, address: number): string =>
  virtualAddress(cache.system.arch, address);

/** What the bytes of a free pointer are, as an address is printed. */
function rawPointer(cache: SlubCache, object: number): string {
  const bytes = readBytes(cache.system.memory, object + cache.offset, cache.system.arch.pointerBytes);
  let text = '';
  for (const byte of bytes) text = byte.toString(16).padStart(2, '0') + text;
  return text;
}

/** The head of a report. @see linux 6.1 mm/slub.c slab_bug */
export function slabBug(cache: SlubCache, what: string): void {
  say(cache, '='.repeat(77));
  say(cache, `BUG ${cache.name} (${cache.system.log.taintText}): ${what}`);
  say(cache, `${'-'.repeat(77)}\n`);
}

const taint = (cache: SlubCache): void => cache.system.log.taint('B');

/** What is done about it. @see linux 6.1 mm/slub.c slab_fix */
export const slabFix = (cache: SlubCache, what: string): void => say(cache, `FIX ${cache.name}: ${what}`);

/** The kernel puts the words of a report about a slab together in 100 bytes, of which the last ends the text. */
const WORDS_MAX = 99;

/** A report about a slab. @see linux 6.1 mm/slub.c slab_err */
export function slabErr(cache: SlubCache, slot: number, what: string): void {
  slabBug(cache, what.slice(0, WORDS_MAX));
  printSlabInfo(cache, slot);
  taint(cache);
}

/** A report about an object. @see linux 6.1 mm/slub.c object_err */
export function objectErr(cache: SlubCache, slot: number, object: number, what: string): void {
  slabBug(cache, what);
  if (isValidObject(cache, slot, object)) {
    printTrailer(cache, slot, object);
    return;
  }
  printSlabInfo(cache, slot);
  say(cache, `Invalid pointer 0x${virtual(cache, object)}`);
  taint(cache);
}

/** @see linux 6.1 mm/slub.c print_slab_info */
function printSlabInfo(cache: SlubCache, slot: number): void {
  const { frames } = cache.system;
  const counters = frames.owner2[slot]!;
  const freelist = frames.owner1[slot]!;
  const base = slabBase(cache, slot);
  // The kernel prints what it read as the free list, sense or not.
  const first =
    freelist === BAD_POINTER
      ? rawPointer(cache, base + cache.system.takenObject - 1)
      : virtual(cache, freelist === 0 ? 0 : base + freelist - 1);
  const page = (VMEMMAP + BigInt(frames.pfnOf(slot)) * 64n).toString(16);
  const active = (frames.flags[slot]! & PageFlag.active) === 0 ? '' : 'active|';
  const head = (frames.flags[slot]! & PageFlag.head) === 0 ? '' : 'head|';
  say(
    cache,
    `Slab 0x${page} objects=${objectsOf(counters)} used=${inuseOf(counters)} fp=0x${first} ` +
      `flags=0x${(frames.flags[slot]! & 0x1ffff).toString(16)}(${active}slab|${head}zone=${frames.zone[slot]})`,
  );
}

/** All that is known of an object: who had it, its slab, its bytes. @see linux 6.1 mm/slub.c print_trailer */
export function printTrailer(cache: SlubCache, slot: number, object: number): void {
  const base = slabBase(cache, slot);
  printTracking(cache, object);
  printSlabInfo(cache, slot);
  say(
    cache,
    `Object 0x${virtual(cache, object)} @offset=${object - base} fp=0x${rawPointer(cache, object)}\n`,
  );
  const redZone = (cache.flags & SLAB_RED_ZONE) !== 0;
  if (redZone) printSection(cache, 'Redzone  ', object - cache.redLeftPad, cache.redLeftPad);
  else if (object > base + 16) printSection(cache, 'Bytes b4 ', object - 16, 16);
  printSection(cache, 'Object   ', object, Math.min(cache.objectSize, PAGE_SIZE));
  if (redZone) printSection(cache, 'Redzone  ', object + cache.objectSize, cache.inuse - cache.objectSize);
  const off = paddingStart(cache);
  const size = sizeFromObject(cache);
  if (off !== size) printSection(cache, 'Padding  ', object + off, size - off);
  taint(cache);
}

/** Bytes as a dump of 16 a line. @see linux 6.1 lib/hexdump.c print_hex_dump */
export function printSection(
  cache: SlubCache,
  label: string,
  address: number,
  length: number,
  level: LogLevel = LogLevel.err,
): void {
  const bytes = readBytes(cache.system.memory, address, length);
  for (let at = 0; at < length; at += 16) {
    const line = bytes.subarray(at, Math.min(length, at + 16));
    cache.system.log.write(level, `${label}${virtual(cache, address + at)}: ${hexDumpLine(line)}`);
  }
}

/** Who allocated and who freed an object. @see linux 6.1 mm/slub.c print_tracking */
export function printTracking(cache: SlubCache, object: number): void {
  if ((cache.flags & SLAB_STORE_USER) === 0) return;
  const { memory, arch } = cache.system;
  const bytes = trackBytes(arch);
  for (const [i, what] of ['Allocated', 'Freed'].entries()) {
    const track = object + infoEnd(cache) + i * bytes;
    const word = arch.pointerBytes;
    // A free of what is no object writes a null free pointer, which may end in the middle of the caller's address.
    if (readBytes(memory, track, word).every((byte) => byte === 0)) continue;
    const [cpu, pid] = [memory.read32(track + word + 4), memory.read32(track + word + 8)];
    say(cache, `${what} in caller+0x0/0x0 age=0 cpu=${cpu >>> 0} pid=${pid | 0}`);
    if (memory.read32(track + word) === 0) say(cache, 'object allocation/free stack trace missing');
  }
}

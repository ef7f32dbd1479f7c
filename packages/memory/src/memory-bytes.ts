import { checkInstance, checkInteger } from '@mm/printk';

import { PhysicalMemory } from './physical-memory.js';
import { PAGE_SIZE } from './units.js';

/** Calls `visit` for each page of a run of bytes with the page, the first byte in it and the count. */
function eachPage(
  addr: number,
  lengthBytes: number,
  visit: (pfn: number, offset: number, count: number) => void,
): void {
  for (let at = addr, end = addr + lengthBytes; at < end;) {
    const pfn = Math.floor(at / PAGE_SIZE);
    const offset = at - pfn * PAGE_SIZE;
    const count = Math.min(PAGE_SIZE - offset, end - at);
    visit(pfn, offset, count);
    at += count;
  }
}

/**
 * Sets `lengthBytes` bytes from `addr` to `byte`.
 *
 * @param byte 0..255.
 * @throws OptionError for what is no memory, number or array of bytes; HoleError naming the first address without memory; nothing has been written then.
 * @example
 * fillBytes(memory, addr, 64, 0x6b);
 */
export function fillBytes(memory: PhysicalMemory, addr: number, lengthBytes: number, byte: number): void {
  checkInstance('memory', memory, PhysicalMemory).map.checkBytes(addr, lengthBytes);
  checkInteger('byte', byte, 0, 255);
  const word = Math.imul(byte, 0x01010101);
  eachPage(addr, lengthBytes, (pfn, offset, count) => {
    const words = memory.wordsOf(pfn);
    const base = memory.wordIndexOf(pfn);
    const end = offset + count;
    const firstWhole = Math.min(end, (offset + 3) & ~3);
    const lastWhole = Math.max(firstWhole, end & ~3);
    for (let i = offset; i < firstWhole; i++) putByte(words, base, i, byte);
    words.fill(word, base + (firstWhole >> 2), base + (lastWhole >> 2));
    for (let i = lastWhole; i < end; i++) putByte(words, base, i, byte);
  });
}

function putByte(words: Int32Array, base: number, offset: number, byte: number): void {
  const at = base + (offset >> 2);
  const shift = (offset & 3) << 3;
  words[at] = (words[at]! & ~(0xff << shift)) | (byte << shift);
}

/**
 * The bytes from `addr`, as a copy.
 *
 * @throws OptionError for what is no memory, number or array of bytes; HoleError naming the first address without memory.
 * @example
 * readBytes(memory, addr, 16); // Uint8Array(16)
 */
export function readBytes(memory: PhysicalMemory, addr: number, lengthBytes: number): Uint8Array {
  checkInstance('memory', memory, PhysicalMemory).map.checkBytes(addr, lengthBytes);
  const bytes = new Uint8Array(lengthBytes);
  let done = 0;
  eachPage(addr, lengthBytes, (pfn, offset, count) => {
    const words = memory.peekWordsOf(pfn);
    const base = memory.wordIndexOf(pfn);
    for (let i = offset; i < offset + count; i++) bytes[done++] = words[base + (i >> 2)]! >>> ((i & 3) << 3);
  });
  return bytes;
}

/**
 * Writes `bytes` from `addr` on.
 *
 * @throws OptionError for what is no memory, number or array of bytes; HoleError naming the first address without memory; nothing has been written then.
 * @example
 * writeBytes(memory, addr, Uint8Array.of(1, 2, 3));
 */
export function writeBytes(memory: PhysicalMemory, addr: number, bytes: Uint8Array): void {
  checkInstance('memory', memory, PhysicalMemory);
  checkInstance('bytes', bytes, Uint8Array);
  memory.map.checkBytes(addr, bytes.length);
  let done = 0;
  eachPage(addr, bytes.length, (pfn, offset, count) => {
    const words = memory.wordsOf(pfn);
    const base = memory.wordIndexOf(pfn);
    for (let i = offset; i < offset + count; i++) putByte(words, base, i, bytes[done++]!);
  });
}

/**
 * Copies bytes; source and destination may overlap.
 *
 * @throws OptionError for what is no memory, number or array of bytes; HoleError naming the first address without memory; nothing has been written then.
 * @example
 * copyBytes(memory, to, from, 4096);
 */
export function copyBytes(memory: PhysicalMemory, to: number, from: number, lengthBytes: number): void {
  checkInstance('memory', memory, PhysicalMemory).map.checkBytes(from, lengthBytes);
  memory.map.checkBytes(to, lengthBytes);
  writeBytes(memory, to, readBytes(memory, from, lengthBytes));
}

/**
 * The address of the first of `lengthBytes` bytes from `addr` that is not `byte`, or null.
 *
 * @throws OptionError for what is no memory, number or array of bytes; HoleError naming the first address without memory.
 * @example
 * findOther(memory, addr, 64, 0x6b); // null: poison is intact
 * @see linux 6.1 lib/string.c memchr_inv
 */
export function findOther(
  memory: PhysicalMemory,
  addr: number,
  lengthBytes: number,
  byte: number,
): number | null {
  checkInstance('memory', memory, PhysicalMemory).map.checkBytes(addr, lengthBytes);
  checkInteger('byte', byte, 0, 255);
  const word = Math.imul(byte, 0x01010101);
  for (let at = addr, end = addr + lengthBytes; at < end;) {
    const pfn = Math.floor(at / PAGE_SIZE);
    const words = memory.peekWordsOf(pfn);
    const base = memory.wordIndexOf(pfn);
    const offset = at - pfn * PAGE_SIZE;
    const stop = Math.min(PAGE_SIZE, offset + end - at);
    for (let i = offset; i < stop;) {
      const found = words[base + (i >> 2)]!;
      // A word at a time: checked heaps look at each byte of an object on every allocation and free.
      if ((i & 3) === 0 && found === word && i + 4 <= stop) i += 4;
      else if (((found >>> ((i & 3) << 3)) & 0xff) === byte) i += 1;
      else return pfn * PAGE_SIZE + i;
    }
    at = (pfn + 1) * PAGE_SIZE;
  }
  return null;
}

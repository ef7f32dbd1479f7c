import type { Machine } from '@mm/machine';
import type { SlubCache } from '@mm/slub';

import { ModelViolation } from '../model-violation.js';
import type { LiveObject } from './object-model.js';

/** Bytes that a constructor's word takes, and every whole word an owner fills. */
const WORD = 4;

/** Where an owner's bytes begin: behind what a constructor wrote, which is left as it is. */
const ownFrom = ({ user }: LiveObject): number => (user.constructed === 0 ? 0 : WORD);

/** Calls `visit` for each run of words of an object within a page, as indices into the page's chunk. */
function eachRun(
  { memory }: Machine,
  object: LiveObject,
  write: boolean,
  visit: (words: Int32Array, from: number, to: number) => boolean,
): boolean {
  const end = object.address + (object.size & ~3);
  for (let at = object.address + ownFrom(object); at < end;) {
    const pfn = Math.floor(at / 4096);
    const stop = Math.min(end, (pfn + 1) * 4096);
    const words = write ? memory.wordsOf(pfn) : memory.peekWordsOf(pfn);
    const base = memory.wordIndexOf(pfn) + ((at - pfn * 4096) >> 2);
    if (!visit(words, base, base + ((stop - at) >> 2))) return false;
    at = stop;
  }
  return true;
}

/** The owner fills the object with its stamp: every whole word, and the bytes behind the last. */
export function fillObject(machine: Machine, object: LiveObject): void {
  eachRun(machine, object, true, (words, from, to) => {
    words.fill(object.stamp, from, to);
    return true;
  });
  for (let i = object.size & ~3; i < object.size; i++)
    machine.memory.write8(object.address + i, object.stamp & 0xff);
}

/**
 * Every byte is as its owner left it, and the constructor's word as that left it.
 * @throws ModelViolation
 */
export function checkObjectBytes(machine: Machine, object: LiveObject): void {
  const { memory } = machine;
  const { constructed } = object.user;
  let whole =
    (constructed === 0 || memory.read32(object.address) === constructed >>> 0) &&
    eachRun(machine, object, false, (words, from, to) => {
      for (let i = from; i < to; i++) if (words[i] !== object.stamp) return false;
      return true;
    });
  for (let i = object.size & ~3; whole && i < object.size; i++)
    whole = memory.read8(object.address + i) === (object.stamp & 0xff);
  if (whole) return;
  throw new ModelViolation(
    "a live object's bytes change only by its owner",
    `0x${object.address.toString(16)} of ${object.user.name}`,
  );
}

/** The owner writes again where SLUB's free pointer lies, if that is inside the object. */
export function restoreFreePointer(
  { memory }: Machine,
  { address, stamp }: LiveObject,
  cache: SlubCache,
): void {
  const { offset, inuse } = cache;
  if (offset >= inuse) return;
  for (let at = offset; at < offset + cache.system.arch.pointerBytes; at += WORD)
    memory.write32(address + at, stamp);
}

/** Whether every byte of a new object is zero. */
export function isZeroed({ memory }: Machine, address: number, size: number): boolean {
  let at = address;
  const end = address + (size & ~3);
  while (at < end) {
    const pfn = Math.floor(at / 4096);
    const stop = Math.min(end, (pfn + 1) * 4096);
    const words = memory.peekWordsOf(pfn);
    const from = memory.wordIndexOf(pfn) + ((at - pfn * 4096) >> 2);
    for (let i = from; i < from + ((stop - at) >> 2); i++) if (words[i] !== 0) return false;
    at = stop;
  }
  for (; at < address + size; at++) if (memory.read8(at) !== 0) return false;
  return true;
}

import { SLUB_STAT_NAMES } from '@mm/slub';
import { type ProcName, parseSlabinfo } from '@mm/sysfs';

import { ModelViolation } from '../model-violation.js';

const STATISTICS: ReadonlySet<string> = new Set(SLUB_STAT_NAMES);

const impossible = (where: string, text: string): ModelViolation =>
  new ModelViolation(
    'a reader never sees an impossible number',
    `${where}: ${JSON.stringify(text.slice(0, 80))}`,
  );

/** Files that say nothing, or a name. */
const WORDS: ReadonlySet<string> = new Set(['shrink', 'validate', 'ctor']);

/**
 * Holds a text that was read while others changed the cache against what can be true at all: its form, and numbers that do
 * not exceed the memory of the machine. The parts of an event counter add up.
 *
 * @param pages that the machine manages.
 * @param isGivenUp no user has the cache any more, whose directory stays for a grace period or for objects that are still live.
 * @throws ModelViolation
 */
export function checkPossible(file: string, text: string, pages: number, isGivenUp: boolean): void {
  // One user less than none.
  if (file === 'aliases' && isGivenUp && text === '-1\n') return;
  if (WORDS.has(file)) {
    if (!/^(?:[\w.]+\+0x0\/0x0\n)?$/u.test(text)) throw impossible(file, text);
    return;
  }
  if (STATISTICS.has(file)) {
    const match = /^(\d+)((?: C\d+=\d+)*)\n$/u.exec(text);
    if (match === null) throw impossible(file, text);
    const parts = [...match[2]!.matchAll(/=(\d+)/gu)].map((part) => Number(part[1]));
    if (parts.reduce((sum, part) => sum + part, 0) !== Number(match[1])) throw impossible(file, text);
    return;
  }
  if (file === 'slabs_cpu_partial') {
    if (!/^\d+\(\d+\)(?: C\d+=\d+\(\d+\))*\n$/u.test(text)) throw impossible(file, text);
    for (const slabs of text.matchAll(/\((\d+)\)/gu))
      if (Number(slabs[1]) > pages) throw impossible(file, text);
    return;
  }
  // The smallest object has 8 bytes; what was written to min_partial is less.
  if (!/^\d+\n$/u.test(text) || Number(text) > pages * 512) throw impossible(file, text);
}

/** The same for a file of /proc: no number below 0 or beyond memory, no more in use than there is. @throws ModelViolation */
export function checkPossibleProc(name: ProcName, text: string, pages: number): void {
  const bytes = pages * 4096;
  for (const match of text.matchAll(/-?\d+/gu)) {
    const value = Number(match[0]);
    if (value > bytes || (value < 0 && name !== 'slabinfo')) throw impossible(`/proc/${name}`, match[0]);
  }
  if (name !== 'slabinfo') return;
  for (const row of text.trimEnd().split('\n').slice(2)) {
    const line = parseSlabinfo(row);
    if (line === null) throw impossible('/proc/slabinfo', row);
    const { activeObjects, objects, activeSlabs, slabs } = line;
    if (activeObjects > objects || activeSlabs > slabs || slabs > pages)
      throw impossible('/proc/slabinfo', row);
  }
}

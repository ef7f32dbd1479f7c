import { SLAB_STORE_USER } from '@mm/kmem';
import type { Machine } from '@mm/machine';
import { type SlubCache, type SlubSystem, endGracePeriod, kmemCacheDestroy } from '@mm/slub';
import { z } from 'zod';

import { firstDifference } from './first-difference.js';
import { maskedLog } from './masked-log.js';
import type { Mismatch } from './mismatch.js';
import { byColumns } from './player.js';
import type { Recording } from './read-recording.js';
import { adoptCaches } from './recorded-caches.js';
import { slubAttributes } from './slub-attributes.js';
import { bootSlub, constructorOf } from './slub-boot.js';
import { slubStruct } from './slub-struct.js';

const integer = z.number().int();
const text = z.string();
const link = z.tuple([text, text]);
const fields = z.looseObject({});

const op = z.union([
  z.tuple([z.literal('create'), integer, text, integer, integer, integer, integer, integer, integer, fields]),
  z.tuple([z.literal('show'), integer, fields]),
  z.tuple([z.literal('destroy'), integer, fields]),
]);

/** What a case of a `slub-merge` recording must look like. */
export const slubMergeCase = z.looseObject({
  cpus: integer.min(1).max(256),
  cmdline: text,
  initial: z.array(z.array(z.union([text, z.number()]))),
  ops: z.array(op),
  links: z.array(link),
  dirs: z.array(text),
  boot_links: z.array(link),
  left_links: z.array(link),
});

/** The tables of a `slub-merge` recording. */
export const slubMergeTables = z.looseObject({
  attr_columns: z.array(text),
  initial_columns: z.array(text),
  source: z.looseObject({ mem: text }),
});

type Case = z.infer<typeof slubMergeCase>;
type Op = z.infer<typeof op>;

class Playing {
  readonly machine: Machine;
  readonly slub: SlubSystem;
  readonly #columns: readonly string[];
  readonly #slots = new Map<number, SlubCache>();

  constructor(machine: Machine, slub: SlubSystem, columns: readonly string[]) {
    this.machine = machine;
    this.slub = slub;
    this.#columns = columns;
  }

  play(step: Op): object {
    const [kind, slot] = step;
    if (kind === 'create') return this.#create(step);
    const cache = this.#slots.get(slot);
    if (cache === undefined) throw new Error(`nothing was created in slot ${slot}`);
    if (kind === 'destroy') {
      this.#slots.delete(slot);
      kmemCacheDestroy(this.machine.on(0).ctx, cache);
      return {};
    }
    const attrs = slubAttributes(cache, this.#columns);
    return { ...slubStruct(cache), attrs: this.#columns.map((name) => attrs[name]) };
  }

  #create([, slot, name, size, align, flags, ctor, useroffset, usersize]: Extract<
    Op,
    ['create', ...unknown[]]
  >): object {
    this.machine.log.take();
    const ctorOrNull = constructorOf(this.machine, ctor);
    const request = { name, size, align, flags, useroffset, usersize, ctor: ctorOrNull };
    const cache = this.slub.register.create(request);
    const dmesg = maskedLog(this.machine.log.take());
    if (cache === null) return { ok: 0, dmesg };
    this.#slots.set(slot, cache);
    return { ok: 1, ...slubStruct(cache), dmesg };
  }

  /** Links that the boot did not make, by name. */
  links(boot: ReadonlyArray<readonly [string, string]>): Array<readonly [string, string]> {
    const before = new Map(boot);
    return byName([...this.slub.names.links].filter(([name, target]) => before.get(name) !== target));
  }

  /** The recorder looked after a grace period. */
  settle(): void {
    endGracePeriod(this.machine.on(0).ctx, this.slub);
  }

  destroyAll(): void {
    for (const cache of this.#slots.values()) kmemCacheDestroy(this.machine.on(0).ctx, cache);
  }
}

const byName = <T extends readonly [string, ...unknown[]]>(rows: T[]): T[] =>
  rows.sort(([a], [b]) => (a < b ? -1 : 1));

/** Whether an earlier sequence of the same boot made a cache that tracks its users. */
function tracksBefore(recording: Recording, index: number): boolean {
  const recorded = recording.cases[index] as unknown as Case;
  return recording.cases.slice(0, index).some((before) => {
    const { cmdline, cpus, ops } = before as unknown as Case;
    if (cmdline !== recorded.cmdline || cpus !== recorded.cpus) return false;
    return ops.some((step) => step[0] === 'create' && (step[5] & SLAB_STORE_USER) !== 0);
  });
}

/** The recorder lists the links left behind by the prefix of its own caches' names. */
const OWN_PREFIX = 'm';

/** Links that the sequence before in the same boot left behind: all it had, since its caches are gone and links stay. */
function dangling(recording: Recording, index: number): Case['links'] {
  const recorded = recording.cases[index] as unknown as Case;
  const before = recording.cases[index - 1] as unknown as Case | undefined;
  return before?.cmdline === recorded.cmdline && before.cpus === recorded.cpus ? before.links : [];
}

/**
 * Plays one case. Input: CPUs, command line, the caches and links of the boot, links that the case before left behind,
 * and the operations' arguments. Expectation: what each operation shows, and the directories and links at the end and
 * after all caches are destroyed.
 */
export function playSlubMerge(recording: Recording, index: number): Mismatch | null {
  const tables = recording as unknown as z.infer<typeof slubMergeTables>;
  const recorded = recording.cases[index] as unknown as Case;
  const { cpus, cmdline, boot_links: bootLinks } = recorded;
  const { machine, slub } = bootSlub({ cpus, cmdline, mem: tables.source.mem }, false);
  const initial = recorded.initial.map((row, i) => byColumns(tables.initial_columns, row, `initial[${i}]`));
  slub.stackDepot ||= tracksBefore(recording, index);
  adoptCaches(machine, slub, initial, [...bootLinks, ...dangling(recording, index)]);
  const playing = new Playing(machine, slub, tables.attr_columns);
  for (const [i, step] of recorded.ops.entries()) {
    const expected = { ...(step[0] === 'create' ? { dmesg: [] } : {}), ...(step.at(-1) as object) };
    const found = firstDifference(`ops[${i}] ${step[0]}`, expected, playing.play(step));
    if (found !== null) return found;
  }
  playing.settle();
  const links = playing.links(bootLinks);
  const dirs = [...slub.names.directories.keys()].sort();
  playing.destroyAll();
  const left = playing.links(bootLinks).filter(([name]) => name.startsWith(OWN_PREFIX));
  const actual = { links, dirs, left_links: left };
  const expected = {
    links: recorded.links,
    dirs: recorded.dirs,
    left_links: byName([...recorded.left_links]),
  };
  return firstDifference('', expected, actual);
}

import { SLAB_POISON, SLAB_STORE_USER } from '@mm/kmem';
import type { Machine } from '@mm/machine';
import { fillBytes, orderOfFlags, readBytes } from '@mm/memory';
import {
  type SlubCache,
  type SlubSystem,
  headSlotOf,
  kmemCacheDestroy,
  readCounts,
  slubAlloc,
  slubFree,
  slubShrink,
  trackBytes,
} from '@mm/slub';
import { storeAttribute } from '@mm/sysfs';
import { GFP_KERNEL } from '@mm/zones';
import { z } from 'zod';

import { DebugBytes } from './debug-bytes.js';
import { firstDifference } from './first-difference.js';
import type { Mismatch } from './mismatch.js';
import type { Recording } from './read-recording.js';
import { bootSlub, constructorOf } from './slub-boot.js';
import { MaskedSlabs } from './masked-slabs.js';
import { slubStruct } from './slub-struct.js';

const integer = z.number().int();
const slot = z.union([z.literal(0), z.literal(1)]);
const handle = integer.min(0);
const byte = integer.min(0).max(255);
const seen = z.looseObject({ dmesg: z.array(z.string()).optional() });

const step = z.union([
  z.tuple([
    z.enum(['alloc', 'free', 'img', 'slabtail', 'validate', 'show', 'shrink', 'destroy']),
    slot,
    handle,
    seen,
  ]),
  z.tuple([z.literal('freeoff'), slot, handle, integer, seen]),
  z.tuple([z.literal('fill'), slot, handle, byte, seen]),
  z.tuple([z.literal('poke'), slot, handle, integer, byte, seen]),
]);

/** What a case of a `slub-debug` recording must look like. */
export const slubDebugCase = z.looseObject({
  size: integer.min(1),
  align: integer.min(0),
  flags: integer.min(0),
  ctor: integer.min(0).max(2),
  cache: z.record(z.string(), z.union([z.string(), z.number()])),
  steps: z.array(step),
  destroy_dmesg: z.array(z.string()).optional(),
});

/** The tables of a `slub-debug` recording. */
export const slubDebugTables = z.looseObject({
  source: z.looseObject({ mem: z.string(), cpus: integer.min(1), cmdline: z.string() }),
});

type Case = z.infer<typeof slubDebugCase>;
type Step = z.infer<typeof step>;

/** These recordings have one constructor, which writes. */
const WRITING_CTOR = 2;

class Playing {
  readonly machine: Machine;
  readonly slub: SlubSystem;
  readonly caches: Array<SlubCache | null>;
  readonly slabs: MaskedSlabs;
  readonly bytes: DebugBytes;
  /** Address by handle; 0: none. */
  readonly #held = new Map<number, number>();

  constructor(recorded: Case, source: { mem: string; cpus: number; cmdline: string }) {
    const { machine, slub } = bootSlub(source);
    this.machine = machine;
    this.slub = slub;
    const { size, align, flags, ctor } = recorded;
    this.caches = ['d_a', 'd_b'].map((name) =>
      slub.register.create({
        name,
        size,
        align,
        flags,
        ctor: constructorOf(machine, ctor === 0 ? 0 : WRITING_CTOR),
      }),
    );
    this.slabs = new MaskedSlabs(slub);
    this.bytes = new DebugBytes(this.cache(0));
    machine.log.take();
  }

  cache(of: number): SlubCache {
    const cache = this.caches[of];
    if (!cache) throw new Error(`there is no cache in slot ${of}`);
    return cache;
  }

  /** Where the log differs from the recorded one: bytes that mean nothing apart. */
  compareLog(path: string, recorded: readonly string[]): Mismatch | null {
    const ours = this.slabs.mask(this.machine.log.take());
    const theirs = this.slabs
      .comparable(recorded)
      .map((line, i) => this.bytes.translatePointers(line, ours[i] ?? '', this.slabs));
    const masked = (lines: readonly string[]): string[] => lines.map((line) => this.bytes.maskLine(line));
    return firstDifference(path, masked(theirs), masked(ours));
  }

  /** What a step must show; of an image only the bytes that mean something, and its free pointer as ours where it may be the same. */
  expected(
    todo: Step,
    shown: Record<string, unknown>,
    actual: Record<string, unknown>,
  ): Record<string, unknown> {
    if (todo[0] === 'slabtail')
      return { ...shown, hex: this.#tailHex(this.cache(todo[1]), String(shown['hex'])) };
    if (todo[0] !== 'img') return shown;
    const address = this.#held.get(todo[2]) ?? 0;
    const { slab, base } = this.slabs.number(address);
    const { firstOffset, offset } = this.cache(todo[1]);
    const start = address - base - firstOffset;
    const masked = (hex: string): string => this.bytes.maskHex(hex, slab, start);
    const hex = String(shown['hex']);
    const at = 2 * (firstOffset + offset);
    const said = hex.slice(at, at + 16);
    if (!/^[0-9a-f]{16}$/u.test(said) || !this.#mayRead(address + offset, said))
      return { ...shown, hex: masked(hex) };
    const { fp: _, ...rest } = shown;
    const ours = String(actual['hex']).slice(at, at + 16);
    return {
      ...rest,
      ...('fp' in actual ? { fp: actual['fp'] } : {}),
      hex: masked(`${hex.slice(0, at)}${ours}${hex.slice(at + 16)}`),
    };
  }

  /** Whether the word at an address may have been the bytes `said` on the recorded machine. */
  #mayRead(address: number, said: string): boolean {
    const bytes = said.match(/../gu)!.toReversed().join('');
    return this.bytes.isSamePointer(this.#word(address), BigInt(`0x${bytes}`), this.slabs);
  }

  #word(address: number): bigint {
    const bytes = readBytes(this.machine.memory, address, 8);
    return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  }

  play(todo: Step): Record<string, unknown> {
    const [kind, of, object] = todo;
    const { ctx } = this.machine.on(0);
    const { memory } = this.machine;
    const address = this.#held.get(object) ?? 0;
    switch (kind) {
      case 'alloc': {
        const got = slubAlloc(ctx, this.cache(of), GFP_KERNEL);
        this.#held.set(object, got ?? 0);
        return { obj: got === null ? null : this.#place(this.cache(of), got) };
      }
      case 'free':
        slubFree(ctx, this.cache(of), address);
        return {};
      case 'freeoff':
        slubFree(ctx, this.cache(of), address + todo[3]);
        return {};
      case 'fill':
        fillBytes(memory, address, this.cache(of).objectSize, todo[3]);
        this.#wrote(address, this.cache(of).objectSize);
        return {};
      case 'poke':
        memory.write8(address + todo[3], todo[4]);
        this.#wrote(address + todo[3], 1);
        return {};
      case 'img':
        return this.#image(this.cache(of), address);
      case 'slabtail':
        return this.#tail(this.cache(of), address);
      case 'validate':
        return { r: storeAttribute(ctx, this.cache(of), 'validate', '1') };
      case 'show': {
        const { slabs_cpu_partial: _, ...counts } = readCounts(this.cache(of));
        return {
          show: Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, `${count}`])),
        };
      }
      case 'shrink':
        return { r: slubShrink(ctx, this.cache(of)) };
      case 'destroy':
        kmemCacheDestroy(ctx, this.cache(of));
        this.caches[of] = null;
        return {};
      default:
        throw new Error(`unknown step ${JSON.stringify(todo)}`);
    }
  }

  #wrote(address: number, count: number): void {
    const { slab, base } = this.slabs.number(address);
    this.bytes.wrote(slab, address - base, count);
  }

  #place(cache: SlubCache, address: number): readonly [number, number, number] {
    const { slab, base } = this.slabs.number(address);
    const offset = address - base;
    return [slab, (offset - cache.firstOffset) / cache.size, offset];
  }

  /** The bytes of an object and what surrounds it: its free pointer and its tracks apart. */
  #image(cache: SlubCache, address: number): Record<string, unknown> {
    const { memory } = this.machine;
    const left = cache.firstOffset;
    const hex = Array.from(readBytes(memory, address - left, cache.size), (value) =>
      value.toString(16).padStart(2, '0'),
    );
    const answer: Record<string, unknown> = { left };
    const place = this.slabs.placeOf(this.#word(address + cache.offset));
    // A pointer beside the object is always one, if to nothing.
    if (place === null && cache.offset >= cache.inuse) answer['fp'] = null;
    if (place !== null) {
      answer['fp'] = place;
      hex.fill('PP', left + cache.offset, left + cache.offset + 8);
    }
    if ((cache.flags & SLAB_STORE_USER) !== 0) {
      const each = trackBytes(this.slub.arch);
      const at = cache.offset >= cache.inuse ? cache.inuse + 8 : cache.inuse;
      answer['track'] = [left + at, 2 * each];
      answer['track_set'] = [0, 1].map((i) => (memory.read32(address + at + i * each) === 0 ? 0 : 1));
      hex.fill('TT', left + at, left + at + 2 * each);
    }
    const { slab, base } = this.slabs.number(address);
    return { ...answer, hex: this.bytes.maskHex(hex.join(''), slab, address - base - left) };
  }

  /** The bytes behind the last object of a slab, which only poison writes. */
  #tail(cache: SlubCache, address: number): Record<string, unknown> {
    const { frames } = this.slub;
    const head = headSlotOf(frames, Math.floor(address / 4096));
    const bytes = 4096 << orderOfFlags(frames.flags[head]!);
    const len = bytes % cache.size;
    const hex = readBytes(this.machine.memory, frames.pfnOf(head) * 4096 + bytes - len, len);
    const text = Array.from(hex, (value) => value.toString(16).padStart(2, '0')).join('');
    return { hex: this.#tailHex(cache, text), len };
  }

  #tailHex(cache: SlubCache, hex: string): string {
    return (cache.flags & SLAB_POISON) === 0 ? hex.replaceAll(/../gu, '..') : hex;
  }

  /** Ends the case: both caches go. */
  destroyAll(): void {
    const { ctx } = this.machine.on(0);
    for (const cache of this.caches) if (cache !== null) kmemCacheDestroy(ctx, cache);
  }
}

/**
 * Plays one case. Input: the caches' arguments, and the steps with theirs. Expectation: the structure of the cache, objects,
 * bytes, counters and log lines of every step and of the destroy at the end. Of the log, which code called, ages, and the
 * taint that earlier cases left are not compared.
 */
export function playSlubDebug(recording: Recording, index: number): Mismatch | null {
  const { source } = recording as unknown as z.infer<typeof slubDebugTables>;
  const recorded = recording.cases[index] as unknown as Case;
  const playing = new Playing(recorded, source);
  const wrong = firstDifference('cache', recorded.cache, slubStruct(playing.cache(0)));
  if (wrong !== null) return wrong;
  for (const [i, todo] of recorded.steps.entries()) {
    const { dmesg = [], ...expected } = todo.at(-1) as { dmesg?: string[] };
    const actual = playing.play(todo);
    const found =
      firstDifference(`steps[${i}] ${todo[0]}`, playing.expected(todo, expected, actual), actual) ??
      playing.compareLog(`steps[${i}] ${todo[0]}.dmesg`, dmesg);
    if (found !== null) return found;
  }
  playing.destroyAll();
  return playing.compareLog('destroy_dmesg', recorded.destroy_dmesg ?? []);
}

import { orderOfFlags } from '@mm/memory';
import { type SlubSystem, headSlotOf } from '@mm/slub';

import type { OwnSlab } from './recorded-places.js';

/** Once a boot, whoever is first. Lines that begin with `input: ` are of a driver that came up meanwhile. */
const TAINT_LINE = 'Disabling lock debugging due to kernel taint';

/** Addresses in a log as recordings have them: slabs and pages by number, in the order in which objects were returned. */
export class MaskedSlabs {
  readonly #slub: SlubSystem;
  /** First address of a slab → its number and bytes. */
  readonly #slabs = new Map<number, { slab: number; bytes: number }>();
  #numbered = 0;

  constructor(slub: SlubSystem) {
    this.#slub = slub;
  }

  /** The number of the slab that holds an object that was returned. */
  number(address: number): { slab: number; base: number } {
    const { frames } = this.#slub;
    const slot = headSlotOf(frames, Math.floor(address / 4096));
    const base = frames.pfnOf(slot) * 4096;
    let known = this.#slabs.get(base);
    if (known === undefined) {
      known = { slab: this.#numbered++, bytes: 4096 << orderOfFlags(frames.flags[slot]!) };
      this.#slabs.set(base, known);
    }
    return { slab: known.slab, base };
  }

  /** The slab and offset of a virtual address, or null when it is in none that was seen. */
  placeOf(virtual: bigint): readonly [slab: number, offset: number] | null {
    const address = Number(virtual - this.#slub.arch.pageOffset);
    for (const [base, { slab, bytes }] of this.#slabs)
      if (address >= base && address < base + bytes) return [slab, address - base];
    return null;
  }

  /** Where the slabs that were seen lie. */
  seen(): OwnSlab[] {
    return [...this.#slabs].map(([base, { slab, bytes }]) => ({
      slab,
      base: BigInt(base) + this.#slub.arch.pageOffset,
      bytes,
    }));
  }

  /** Lines with addresses masked. */
  mask(lines: readonly string[]): string[] {
    return this.comparable(
      lines.map((line) =>
        line
          .replaceAll(/flags=0x[0-9a-f]+/gu, 'flags=ADDR')
          .replaceAll(/(?:0x)?([0-9a-f]{16})\b/gu, (_, digits: string) => this.#address(digits)),
      ),
    );
  }

  #address(digits: string): string {
    const virtual = BigInt(`0x${digits}`);
    const vmemmap = 0xffffea0000000000n;
    if (virtual >= vmemmap && virtual < vmemmap + 2n ** 40n) {
      const base = Number((virtual - vmemmap) / 64n) * 4096;
      const known = this.#slabs.get(base);
      return known === undefined ? 'ADDR' : `PAGE${known.slab}`;
    }
    const place = this.placeOf(virtual);
    return place === null ? 'ADDR' : `S${place[0]}+0x${place[1].toString(16)}`;
  }

  /** Lines without what depends on the boot's history and on the code that called. */
  comparable(lines: readonly string[]): string[] {
    return lines
      .filter((line) => line !== TAINT_LINE && !line.startsWith('input: '))
      .map((line) =>
        line
          .replace(/\((?:Tainted: [^)]*|Not tainted)\)/u, '(TAINT)')
          .replace(/CPU: \S+ PID: \S+/u, 'CPU: N PID: N')
          .replace(/(WARNING: .* at \S+ \w+)\+\S+/u, '$1')
          .replace(/in \S+( \[\w+\])? age=\S+ (cpu=\d+) pid=\S+/u, 'in CALLER age=N $2 pid=N')
          .replace(/called from \S+( \[\w+\])?$/u, 'called from CALLER'),
      );
  }
}

import type { VmSysctl, Zones } from '@mm/zones';

/** The numbers of a zone that the documentation determines. */
interface Sized {
  readonly min: number;
  readonly low: number;
  readonly high: number;
  readonly pcpHigh: number;
}

const integerPart = Math.trunc;

/**
 * The sizes of zones, written from Documentation/admin-guide/sysctl/vm.rst alone: sums over plain arrays, nothing kept that
 * can be computed again.
 * @example
 * const model = new SizingModel(machine.zones, 2);
 */
export class SizingModel {
  readonly #managed: readonly number[];
  /** Pages of the zones that are always mapped. */
  readonly #lowmem: number;
  readonly #high: readonly boolean[];
  readonly #cpus: number;
  #minFreeKbytes: number;
  #scale = 10;
  #fraction = 0;
  #ratios: number[];
  /** Watermarks that per-cpu sizes were last taken from. */
  #sized: readonly Sized[];
  #reserves: readonly (readonly number[])[];

  constructor(zones: Zones, cpus: number) {
    this.#managed = [...zones.managed];
    const highmem = zones.names.indexOf('HighMem');
    this.#high = zones.names.map(
      (name, i) => i === highmem || (name === 'Movable' && highmem !== -1 && zones.movableIsHighmem),
    );
    this.#lowmem = this.#managed.reduce((sum, pages, i) => (this.#high[i] === true ? sum : sum + pages), 0);
    this.#cpus = cpus;
    this.#ratios = zones.names.map((name) => (name === 'Normal' ? 32 : name.startsWith('DMA') ? 256 : 0));
    // 16 times the square root of low memory in KiB, over 4, kept between 128 KiB and 256 MiB.
    const normal = zones.names.indexOf('Normal');
    const low = this.#managed.slice(0, normal + 1).reduce((sum, pages) => sum + pages * 4, 0);
    this.#minFreeKbytes = Math.min(262_144, Math.max(128, integerPart(Math.sqrt(low * 16))));
    this.#sized = this.#size();
    this.#reserves = this.#reserve();
  }

  /** Whether the kernel takes the value; then its effects are due. */
  write(name: VmSysctl, text: string): boolean {
    const numbers = numbersIn(text);
    if (name === 'lowmem_reserve_ratio') {
      // Of this file the kernel takes what it can read, and refuses nothing.
      this.#ratios = this.#ratios.map((old, i) => Math.max(0, numbers[i] ?? old));
      this.#reserves = this.#reserve();
      return true;
    }
    const value = numbers[0];
    if (value === undefined) return false;
    switch (name) {
      case 'min_free_kbytes':
        if (value < 0) return false;
        this.#minFreeKbytes = value;
        break;
      case 'watermark_scale_factor':
        if (value < 1 || value > 3000) return false;
        this.#scale = value;
        break;
      case 'percpu_pagelist_high_fraction':
        if (value !== 0 && value < 8) return false;
        this.#fraction = value;
        break;
      default:
        return value >= 0;
    }
    this.#sized = this.#size();
    return true;
  }

  #size(): Sized[] {
    const wanted = integerPart(this.#minFreeKbytes / 4);
    return this.#managed.map((pages, i) => {
      const share = integerPart((wanted * pages) / this.#lowmem);
      const min = this.#high[i] === true ? Math.min(128, Math.max(32, integerPart(pages / 1024))) : share;
      // "The unit is in fractions of 10,000": the distance between watermarks.
      const distance = Math.max(integerPart(share / 4), integerPart((pages * this.#scale) / 10_000));
      const spread = this.#fraction === 0 ? min + distance : integerPart(pages / this.#fraction);
      return {
        min,
        low: min + distance,
        high: min + 2 * distance,
        pcpHigh: integerPart(spread / this.#cpus),
      };
    });
  }

  #reserve(): number[][] {
    return this.#managed.map((own, zone) => {
      const ratio = this.#ratios[zone]!;
      let above = 0;
      return this.#managed.map((pages, target) => {
        if (target > zone) above += pages;
        return ratio === 0 || own === 0 ? 0 : integerPart(above / ratio);
      });
    });
  }

  /** Whether every size is as documented. Looked at after every command: nothing is made while it holds. */
  agrees(zones: Zones): boolean {
    const { wmark, pcpHigh, pcpBatch, lowmemReserve, count } = zones;
    for (let zone = 0; zone < count; zone++) {
      const sized = this.#sized[zone]!;
      if (wmark[zone * 4] !== sized.min || wmark[zone * 4 + 1] !== sized.low) return false;
      if (wmark[zone * 4 + 2] !== sized.high) return false;
      if (pcpHigh[zone] !== pcpHighOf(sized, pcpBatch[zone]!)) return false;
      const reserves = this.#reserves[zone]!;
      for (let target = 0; target < count; target++)
        if (lowmemReserve[zone * count + target] !== reserves[target]) return false;
    }
    return true;
  }

  /** What is not as documented, in words; empty when all is. */
  differences(zones: Zones): string[] {
    const wrong: string[] = [];
    const hold = (zone: number, what: string, expected: number, actual: number): void => {
      if (expected !== actual)
        wrong.push(`${zones.names[zone]} ${what}: expected ${expected}, got ${actual}`);
    };
    for (const [zone, sized] of this.#sized.entries()) {
      hold(zone, 'min', sized.min, zones.wmark[zone * 4]!);
      hold(zone, 'low', sized.low, zones.wmark[zone * 4 + 1]!);
      hold(zone, 'high', sized.high, zones.wmark[zone * 4 + 2]!);
      hold(zone, 'per-cpu high', pcpHighOf(sized, zones.pcpBatch[zone]!), zones.pcpHigh[zone]!);
      for (const [target, pages] of this.#reserves[zone]!.entries()) {
        const actual = zones.lowmemReserve[zone * zones.count + target]!;
        hold(zone, `reserve against ${zones.names[target]}`, pages, actual);
      }
    }
    return wrong;
  }
}

/** What texts say, as far as programs have written them: a few dozen, written millions of times. */
const TEXTS_READ = new Map<string, readonly number[]>();

/** The whole numbers of 32 bits that a text begins with, written as in C. */
function numbersIn(text: string): readonly number[] {
  const read = TEXTS_READ.get(text);
  if (read !== undefined) return read;
  const numbers: number[] = [];
  for (const word of text.trim().split(/\s+/u)) {
    const [, sign, hex, octal, decimal] = /^(-?)(?:0x([\da-f]+)|(0[0-7]*)|([1-9]\d*))$/iu.exec(word) ?? [];
    const size = Number.parseInt(hex ?? octal ?? decimal ?? '', hex ? 16 : octal ? 8 : 10);
    if (!(size <= 2 ** 31 - 1)) break;
    numbers.push(sign === '-' ? -size : size);
  }
  if (TEXTS_READ.size < 1000) TEXTS_READ.set(text, numbers);
  return numbers;
}

/** However small the zone, four batches fit. */
const pcpHighOf = (sized: Sized, batch: number): number => Math.max(sized.pcpHigh, 4 * batch);

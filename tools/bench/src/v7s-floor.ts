/** A page table of 4 KiB pages written by hand: no checks of rights or ranges, tables never freed. */
export class V7sFloor {
  readonly #words = new Int32Array(1 << 20);
  #next = 4096;
  flushes = 0;

  map(iova: number, pa: number, prot: number): number {
    const words = this.#words;
    const first = iova >>> 20;
    let entry = words[first]!;
    if (entry === 0) {
      entry = (this.#next << 2) | 1;
      this.#next += 256;
      words[first] = entry;
    } else if ((entry & 3) !== 1) return -17;
    const second = ((entry & ~0x3ff) >>> 2) + ((iova >>> 12) & 255);
    if (words[second] !== 0) return -17;
    words[second] = (pa & ~0xfff) | prot | 2;
    return 0;
  }

  unmap(iova: number): number {
    const words = this.#words;
    const entry = words[iova >>> 20]!;
    if ((entry & 3) !== 1) return 0;
    const second = ((entry & ~0x3ff) >>> 2) + ((iova >>> 12) & 255);
    if ((words[second]! & 2) === 0) return 0;
    words[second] = 0;
    this.flushes++;
    return 4096;
  }

  translate(iova: number): number {
    const entry = this.#words[iova >>> 20]!;
    if ((entry & 3) !== 1) return 0;
    const page = this.#words[((entry & ~0x3ff) >>> 2) + ((iova >>> 12) & 255)]!;
    return (page & ~0xfff) | (iova & 0xfff);
  }
}

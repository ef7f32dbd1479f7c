/* Packages that come without types, as far as the benchmarks use them. */

declare module 'malloc' {
  export default class Allocator {
    constructor(buffer: ArrayBuffer);
    alloc(bytes: number): number;
    free(address: number): number;
  }
}

declare module 'walloc' {
  export default class Walloc {
    constructor(options: {
      readonly memory: WebAssembly.Memory;
      /** Address of the word that holds the end of the heap in use. */
      readonly DYNAMICTOP_PTR: number;
      readonly STACKTOP: number;
      readonly getTotalMemory: () => number;
    });
    malloc(bytes: number): number;
    free(address: number): void;
  }
}

/** Of what the DOM's types say of WebAssembly, as much as the peers need. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { readonly initial: number; readonly maximum: number });
    readonly buffer: ArrayBuffer;
  }
  function instantiate(
    binary: Uint8Array,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ): Promise<{ readonly instance: { readonly exports: unknown } }>;
}

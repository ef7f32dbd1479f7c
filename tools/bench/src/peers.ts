import { MemPool } from '@thi.ng/malloc';

import type { Pair } from './pair.js';

const MIB = 2 ** 20;

/** @thi.ng/malloc as it comes. */
export function thing(bytes: number): Pair<number> {
  const pool = new MemPool({ buf: new ArrayBuffer(8 * MIB) });
  return { alloc: () => pool.malloc(bytes), free: (object) => void pool.free(object) };
}

/** The package named malloc: a block allocator over an ArrayBuffer. */
export async function npmMalloc(bytes: number): Promise<Pair<number>> {
  const { default: Allocator } = await import('malloc');
  const heap = new (unwrap(Allocator))(new ArrayBuffer(8 * MIB));
  return { alloc: () => heap.alloc(bytes), free: (object) => void heap.free(object) };
}

/** walloc, in WebAssembly, each operation a call from JavaScript. */
export async function walloc(bytes: number): Promise<Pair<number>> {
  const { default: Walloc } = await import('walloc');
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 256 });
  // The embedder says where the end of the heap is kept, and what it is to begin with.
  const topAt = 4 * MIB;
  new Int32Array(memory.buffer)[topAt / 4] = topAt + 1024;
  const heap = new (unwrap(Walloc))({
    memory,
    DYNAMICTOP_PTR: topAt,
    STACKTOP: 2 * MIB,
    getTotalMemory: () => 16 * MIB,
  });
  return { alloc: () => heap.malloc(bytes), free: (object) => void heap.free(object) };
}

const TLSF = `
export function take(bytes: i32): usize { return heap.alloc(bytes); }
export function giveBack(object: usize): void { heap.free(object); }
`;

function abort(): never {
  throw new Error('the TLSF peer is out of memory');
}

/**
 * The heap of AssemblyScript's minimal runtime, compiled here, each operation a call from JavaScript. The compiler is loaded here
 * alone: it grows a WebAssembly memory, and once any buffer of a process has been detached so, V8 looks at each access to a typed
 * array whether its buffer has. That made SLUB 19 ns where it is 6, and floors slower by a quarter.
 */
export async function tlsf(bytes: number): Promise<Pair<number>> {
  const { compileString } = await import('assemblyscript/asc');
  const { binary, stderr } = await compileString(TLSF, { optimizeLevel: 3, runtime: 'minimal' });
  if (binary === null) throw new Error(`the TLSF peer does not compile: ${stderr.toString()}`);
  const { instance } = await WebAssembly.instantiate(binary, { env: { abort } });
  const { take, giveBack } = instance.exports as {
    take: (bytes: number) => number;
    giveBack: (object: number) => void;
  };
  return { alloc: () => take(bytes), free: (object) => giveBack(object) };
}

/** No allocator: objects for the garbage collector. */
export function garbage(bytes: number): Pair<Uint8Array> {
  return { alloc: () => new Uint8Array(bytes), free: () => {} };
}

/** Some CommonJS packages arrive with their default one level further down. */
function unwrap<T extends object>(module: T): T {
  return 'default' in module ? (module.default as T) : module;
}

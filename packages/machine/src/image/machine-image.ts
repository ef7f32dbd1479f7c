import type { KmemSystem } from '../kmem-system.js';
import type { Machine } from '../machine.js';
import { StateTree } from './state-tree.js';

/**
 * A machine at one moment: memory, frames, zones, free lists, caches, counters, sysctls, log. Opaque: made by
 * `Machine.snapshot()`.
 * @example
 * const image = machine.snapshot();
 */
export class MachineImage {
  /** The machine that it is of, and that alone can go back to it. */
  readonly machine: Machine;
  /** The slab allocator there was; null: none had been asked for. */
  readonly kmem: KmemSystem | null;
  /** @internal */
  readonly tree: StateTree;

  /** Made by `Machine.snapshot()`. */
  constructor(machine: Machine, kmem: KmemSystem | null) {
    const { memory, frames, pages, zones, sysctls, log } = machine;
    this.machine = machine;
    this.kmem = kmem;
    this.tree = new StateTree({
      memory,
      frames,
      log,
      zones,
      sysctls,
      pages,
      ...(kmem === null ? {} : { kmem }),
    });
  }
}

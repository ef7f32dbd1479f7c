import { type Machine, createMachine } from '@mm/machine';
import type { Constructor } from '@mm/kmem';
import { SlubSystem, parseSlubBoot } from '@mm/slub';

import { BOOT_REQUESTS } from './boot-requests.js';

/** The recorded kernels have no huge pages: a pageblock is the largest block. */
export const PAGEBLOCK_ORDER = 10;

/** How the machine of a recording was started. */
export interface BootedWith {
  readonly cpus: number;
  /** RAM, as given to the machine: `512M`. */
  readonly mem: string;
  readonly cmdline: string;
}

/** A machine with SLUB, as the recorded kernel boots it. */
export interface SlubMachine {
  readonly machine: Machine;
  readonly slub: SlubSystem;
}

/**
 * Starts a machine as a recording says.
 * @example
 * bootSlub({ cpus: 2, mem: '512M', cmdline: 'slub_nomerge' }).slub.register.caches.length;
 */
export function bootSlub({ cpus, mem, cmdline }: BootedWith, bootCaches = true): SlubMachine {
  const machine = createMachine({ preset: 'x86_64', pageblockOrder: PAGEBLOCK_ORDER, ramBytes: mem, cpus });
  const { pages, cells, log } = machine;
  const slub = new SlubSystem({ pages, cells, boot: parseSlubBoot(cmdline, log), bootCaches });
  return { machine, slub };
}

/** Makes the caches that the recorded kernel asks for while it boots. */
export function makeBootCaches({ machine, slub }: SlubMachine): void {
  for (const [name, size, align, flags, usersize, ctor] of BOOT_REQUESTS) {
    const request = { name, size, align, flags, usersize, ctor: constructorOf(machine, ctor) };
    if (slub.register.create(request) === null) throw new Error(`${name} could not be made`);
  }
}

/** The recorded constructors: none, one that writes nothing, one that writes 0xc7 into byte 0. */
export function constructorOf(machine: Machine, ctor: number): Constructor | null {
  if (ctor === 0) return null;
  return ctor === 1 ? () => {} : (object) => machine.memory.write8(object, 0xc7);
}

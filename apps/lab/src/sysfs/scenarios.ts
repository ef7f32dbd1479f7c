import {
  SLAB_CACHE_DMA32,
  SLAB_HWCACHE_ALIGN,
  SLAB_RECLAIM_ACCOUNT,
  SLAB_TYPESAFE_BY_RCU,
  hasCacheDma32,
} from '@mm/kmem';
import type { AnyCache, Machine } from '@mm/machine';
import { OptionError } from '@mm/printk';
import { GFP_KERNEL, __GFP_NOWARN } from '@mm/zones';

import type { KmemEvent } from '../kmem-trace.js';
import { randomFrom } from '../option-values.js';

/** What is done to a machine before its files are looked at. */
export type Scenario = (machine: Machine, seed: number) => void;

/** Bytes and flags of the caches of `mixed`; a constructor keeps a cache apart. */
const MIXED: ReadonlyArray<readonly [name: string, size: number, flags: number, hasConstructor: boolean]> = [
  ['inode_cache', 600, SLAB_RECLAIM_ACCOUNT, true],
  ['dentry', 192, SLAB_RECLAIM_ACCOUNT | SLAB_HWCACHE_ALIGN, true],
  ['buffer_head', 104, SLAB_RECLAIM_ACCOUNT, false],
  ['task_struct', 3520, 0, true],
  ['filp', 256, SLAB_HWCACHE_ALIGN, false],
  ['sighand_cache', 2088, SLAB_HWCACHE_ALIGN | SLAB_TYPESAFE_BY_RCU, false],
  ['request_sock', 304, 0, false],
  ['fs_cache', 64, SLAB_HWCACHE_ALIGN, false],
  ['uid_cache', 64, SLAB_HWCACHE_ALIGN, false],
];

/** Allocations and frees of `mixed`. */
const STEPS = 20_000;

/** The tables of a device with a short-descriptor page table: 1 KiB each. */
const L2_CACHE = 'io-pgtable_armv7s_l2';

function mixed(machine: Machine, seed: number): void {
  const pick = randomFrom(seed);
  const { dma32 } = machine.preset.config;
  const l2Flags = hasCacheDma32(machine.series) && dma32 ? SLAB_CACHE_DMA32 : 0;
  const requests = [...MIXED, [L2_CACHE, 1024, l2Flags, false] as const];
  const caches = requests
    .map(([name, size, flags, hasConstructor]) =>
      machine.kmemCacheCreate({
        name,
        size,
        flags,
        align: name === L2_CACHE ? 1024 : 0,
        ctor: hasConstructor ? () => {} : null,
      }),
    )
    .filter((cache) => cache !== null);
  const live: Array<readonly [AnyCache | null, number]> = [];
  for (let step = 0; step < STEPS; step++) {
    const view = machine.on(pick(machine.cpus));
    // Grows at first, then holds.
    if (live.length === 0 || pick(100) < (step < STEPS / 2 ? 60 : 50)) {
      const cache = pick(4) === 0 ? null : caches[pick(caches.length)]!;
      const address =
        cache === null
          ? view.kmalloc(1 + pick(6000), GFP_KERNEL | __GFP_NOWARN)
          : view.kmemCacheAlloc(cache, GFP_KERNEL | __GFP_NOWARN);
      if (address !== null) live.push([cache, address]);
    } else {
      const at = pick(live.length);
      const [cache, address] = live[at]!;
      live[at] = live.at(-1)!;
      live.pop();
      if (cache === null) view.kfree(address);
      else view.kmemCacheFree(cache, address);
    }
  }
}

/** Scenarios by name. `boot` is a machine that has just started. */
export const SCENARIOS: ReadonlyMap<string, Scenario> = new Map<string, Scenario>([
  ['boot', (machine) => void machine.kmem],
  ['mixed', mixed],
]);

/** @throws OptionError for a name that is none. */
export function scenarioNamed(name: string): Scenario {
  const scenario = SCENARIOS.get(name);
  if (scenario === undefined)
    throw new OptionError('--scenario', `one of ${[...SCENARIOS.keys()].join(', ')}`, name);
  return scenario;
}

/** What a replay did, and what it had to pass over. */
export interface Replayed {
  readonly events: number;
  /** Frees of what was allocated before the recording began. */
  readonly unknown: number;
  /** Allocations that failed here. */
  readonly failed: number;
}

/** Does on a machine what was recorded, on the same CPUs as far as there are so many. */
export function replayKmem(machine: Machine, events: readonly KmemEvent[]): Replayed {
  const caches = new Map<string, AnyCache>();
  const live = new Map<string, () => void>();
  let unknown = 0;
  let failed = 0;
  for (const event of events) {
    const view = machine.on(event.cpu % machine.cpus);
    if (event.kind === 'free' || event.kind === 'free pages') {
      const free = live.get(event.pointer);
      live.delete(event.pointer);
      if (free === undefined) unknown++;
      else free();
      continue;
    }
    const gfp = event.gfp | __GFP_NOWARN;
    let got: number | null;
    let free: (taken: number) => void;
    if (event.kind === 'kmalloc') {
      got = view.kmalloc(event.size, gfp);
      free = (address) => view.kfree(address);
    } else if (event.kind === 'pages') {
      got = view.allocPages(gfp, event.order);
      free = (pfn) => view.freePages(pfn, event.order);
    } else {
      const cache = cacheFor(machine, caches, event.cache, event.size);
      got = view.kmemCacheAlloc(cache, gfp);
      free = (address) => view.kmemCacheFree(cache, address);
    }
    if (got === null) failed++;
    else {
      const taken = got;
      live.set(event.pointer, () => free(taken));
    }
  }
  return { events: events.length, unknown, failed };
}

function cacheFor(machine: Machine, caches: Map<string, AnyCache>, name: string, size: number): AnyCache {
  const key = `${name} ${size}`;
  const known = caches.get(key);
  if (known !== undefined) return known;
  const made = machine.kmemCacheCreate({ name, size });
  if (made === null) throw new OptionError('--trace', 'caches that can be made', `${name} of ${size} bytes`);
  caches.set(key, made);
  return made;
}

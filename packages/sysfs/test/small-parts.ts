import { PageAllocator, releaseRange } from '@mm/buddy';
import { SLAB_ARCH_X86_64, type Series } from '@mm/kmem';
import { PageFrames, PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { SlabSystem } from '@mm/slab';
import { SlubSystem, parseSlubBoot } from '@mm/slub';
import { CellSpace } from '@mm/steps';
import { VmSysctls, type ZoneName, type ZoneSpec, Zones, initPerZoneWmarkMin } from '@mm/zones';

import { KERNEL_CONFIG, type KernelConfig, KernelFs, type SysfsParts } from '../src/index.js';

/** What of a small machine a test wants to be different. */
export interface SmallOptions {
  readonly slab?: 'slub' | 'slab';
  readonly cpus?: number;
  readonly cmdline?: string;
  readonly series?: Series;
  readonly config?: Partial<KernelConfig>;
}

const PAGES = 16_384;

const zone = (name: ZoneName, startPfn: number, pages: number): ZoneSpec => ({
  name,
  startPfn,
  spannedPages: pages,
  presentPages: pages,
  managedPages: pages,
});

/** A machine of 64 MiB: 16 MiB of DMA, the rest DMA32. */
export function smallParts(options: SmallOptions = {}): SysfsParts {
  const { slab = 'slub', cpus = 2, cmdline = '', series = 'merged', config = {} } = options;
  const zones = new Zones([
    zone('DMA', 0, 4096),
    zone('DMA32', 4096, PAGES - 4096),
    zone('Normal', 0, 0),
    zone('Movable', 0, 0),
  ]);
  const sysctls = new VmSysctls(zones, cpus);
  initPerZoneWmarkMin(sysctls);
  const ranges = [{ startPfn: 0, endPfn: PAGES }];
  const cells = new CellSpace();
  const log = new KernelLog();
  const memory = new PhysicalMemory(ranges);
  const frames = new PageFrames(ranges);
  const pages = new PageAllocator({ memory, frames, zones, cells, log, cpus });
  releaseRange(pages, 0, 4096);
  releaseRange(pages, 4096, PAGES);
  const arch = SLAB_ARCH_X86_64;
  const kmem =
    slab === 'slub'
      ? new SlubSystem({ pages, cells, arch, series, boot: parseSlubBoot(cmdline, log) })
      : new SlabSystem({ pages, cells, arch, series });
  return { pages, kmem, sysctls, config: { ...KERNEL_CONFIG, ...config } };
}

/** The same with SLUB, and its files. */
export function smallSlub(options: SmallOptions = {}): { parts: SysfsParts; slub: SlubSystem; fs: KernelFs } {
  const parts = smallParts(options);
  return { parts, slub: parts.kmem as SlubSystem, fs: new KernelFs(parts) };
}

import * as zones from '@mm/zones';

import { digest } from './digest.js';
import { tryWrongValues } from './try-wrong-values.js';
import { ALL } from './wrong-values.js';

const { VmSysctls, Zones, gfpZoneTable, initPerZoneWmarkMin, zonePreset } = zones;

const CONFIG = { dma: true, dma32: true, highmem: false };
const SPANS = [{ startPfn: 0, endPfn: 0x8000 }];
const specOf = (name: zones.ZoneName, startPfn: number, pages: number): zones.ZoneSpec => ({
  name,
  startPfn,
  spannedPages: pages,
  presentPages: pages,
  managedPages: pages,
});
const SPECS = [specOf('Normal', 0, 0x8000), specOf('Movable', 0, 0)];

interface World {
  readonly zones: zones.Zones;
  readonly vm: zones.VmSysctls;
}

function makeWorld(): World {
  const made = new Zones(SPECS);
  const vm = new VmSysctls(made, 2);
  initPerZoneWmarkMin(vm);
  return { zones: made, vm };
}

const FLAGS = ['-1'];
const config = { dma: ['true'], dma32: ['true'], highmem: ['true'], device: ['undefined', 'true'] };

tryWrongValues<World>('@mm/zones', {
  face: zones,
  makeWorld,
  stateOf: ({ zones: z, vm }) =>
    digest(z.words, z.managed, z.pcpHigh, z.pcpBatch, z.statThreshold, z.driftMark, { ...vm, zones: null }),
  rows: {
    gfpMigratetype: { args: () => [0xcc0], accepts: { 0: FLAGS } },
    formatGfp: { args: () => [0xcc0], accepts: { 0: FLAGS } },
    parseGfp: { args: () => ['GFP_KERNEL'] },
    gfpZoneTable: { args: () => [CONFIG], fields: { 0: config } },
    gfpZone: { args: () => [gfpZoneTable(CONFIG), 0xcc0], accepts: { 1: FLAGS } },
    isBadGfpZone: { args: () => [0xcc0], accepts: { 0: FLAGS } },
    zoneNamesOf: { args: () => [CONFIG], fields: { 0: config } },
    zoneConfigOf: { args: () => [['Normal', 'Movable']] },
    layOutZones: {
      args: () => [SPANS, zonePreset('x86_64'), {}],
      accepts: { 2: ['undefined', '{}'] },
      fields: {
        1: { config: [], dmaEnd: ['1.5', '2^53'], dma32End: ['1.5', '2^53'], lowmemEnd: ['1.5', '2^53'] },
        2: { kernelcore: ['undefined'], movablecore: ['undefined'] },
      },
    },
    findMovableStart: {
      args: () => [SPANS, 0, {}],
      accepts: { 2: ['{}'] },
      fields: { 2: { kernelcore: ['undefined'], movablecore: ['undefined'], topOrder: ['undefined'] } },
    },
    defaultReserveRatio: { args: ({ zones: z }) => [z] },
    setLowmemReserve: { args: ({ zones: z, vm }) => [z, vm.reserveRatio] },
    countPages: { args: () => [SPANS], accepts: { 0: ['[]'] } },
    clipSpans: { args: () => [SPANS, 0, 16], accepts: { 0: ['[]'] } },
    toPfnSpans: { args: () => [[{ start: 0, end: 8192 }]] },
    pcpBatchOf: { args: () => [4096] },
    setPcpSizes: { args: ({ zones: z }) => [z, 2, 0] },
    zonePreset: { args: () => ['arm64', 2 ** 30], accepts: { 1: ['undefined'] } },
    parseProcIomem: { args: () => ['00001000-0009fbff : System RAM\n'] },
    statThresholdOf: { args: () => [4096, 2] },
    setStatThresholds: { args: ({ zones: z }) => [z, 2] },
    'new VmSysctls': { args: ({ zones: z }) => [z, 2] },
    initPerZoneWmarkMin: { args: ({ vm }) => [vm, 2048], accepts: { 1: ['undefined'] } },
    readVmSysctl: { args: ({ vm }) => [vm, 'min_free_kbytes'] },
    // A number that is none, the kernel answers with -EINVAL.
    writeVmSysctl: { args: ({ vm }) => [vm, 'min_free_kbytes', '4096'], accepts: { 2: ["''", "'x'"] } },
    freeBufferPages: { args: ({ zones: z }) => [z] },
    defaultMinFreeKbytes: { args: ({ zones: z }) => [z] },
    setWatermarks: { args: ({ zones: z }) => [z, 4096, 10] },
    totalReservePages: { args: ({ zones: z }) => [z] },
    'new Zones': { args: () => [SPECS] },
    'Zones.indexOf': {
      args: () => ['Normal'],
      call: ({ zones: z }, [name]) => z.indexOf(name!),
      accepts: { 0: ALL },
    },
    'Zones.zoneOfPfn': {
      args: () => [16],
      call: ({ zones: z }, [pfn]) => z.zoneOfPfn(pfn!),
      accepts: { 0: ALL },
    },
    'Zones.isHighmem': { args: () => [0], call: ({ zones: z }, [zone]) => z.isHighmem(zone!) },
  },
});

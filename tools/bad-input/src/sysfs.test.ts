import { snapshotAllocator } from '@mm/buddy';
import { createMachine } from '@mm/machine';
import type { SlubCache, SlubSystem } from '@mm/slub';
import * as sysfs from '@mm/sysfs';
import * as stepped from '@mm/sysfs/stepped';

import { digest } from './digest.js';
import { HOT, type Row, type Rows } from './row.js';
import { tryWrongValues } from './try-wrong-values.js';

const { KERNEL_CONFIG: CONFIG, parseSlabinfo } = sysfs;

function makeWorld() {
  const machine = createMachine({ ramBytes: '16M', cpus: 2, slab: 'slub', cmdline: 'slub_debug=U,tracked' });
  const { pages, log, sysctls } = machine;
  const { ctx } = machine.on(0);
  const kmem = machine.kmem as SlubSystem;
  const cache = machine.kmemCacheCreate({ name: 'x', size: 64, ctor: () => {} }) as SlubCache;
  const tracked = machine.kmemCacheCreate({ name: 'tracked', size: 64 }) as SlubCache;
  const parts: sysfs.SysfsParts = { pages, kmem, sysctls, config: CONFIG };
  const file = sysfs.openFile(ctx, parts, '/sys/kernel/slab/x/min_partial', 'both') as sysfs.FileNode;
  return { pages, log, ctx, kmem, cache, tracked, parts, file };
}
type World = ReturnType<typeof makeWorld>;

/** Who runs counts in steps alone. */
const anyCtx = { hot: [0] } as const;
const text = ["''", "'x'"];
const partFields = { pages: [], kmem: [], sysctls: [], config: [] };
const configFields = Object.fromEntries(Object.keys(CONFIG).map((option) => [option, ['true']]));

const LINE = parseSlabinfo('ep_head 0 0 16 256 1 : tunables 0 0 0 : slabdata 0 0 0')!;
/** What 6.1 prints may be more than there are, and less than none: see the file `objects`. */
const lineFields = Object.fromEntries(
  Object.keys(LINE).map((field) => [field, field === 'name' ? text : ['-1', '2^53']]),
);
const ofParts: Row<World> = {
  args: ({ ctx, parts }) => [ctx, parts],
  ...anyCtx,
  fields: { 1: partFields },
};
const NODE_FS = "node:fs's own errors, held against node:fs beside the code";

const rows: Rows<World> = {
  openFile: {
    args: ({ ctx, parts }) => [ctx, parts, '/proc/slabinfo', 'reading'],
    ...anyCtx,
    accepts: { 2: text },
    fields: { 1: partFields },
  },
  readFile: {
    args: ({ ctx, parts, file }) => [ctx, parts, file],
    ...anyCtx,
    fields: { 1: partFields, 2: { source: [] } },
  },
  writeFile: {
    args: ({ ctx, parts, file }) => [ctx, parts, file, '5\n'],
    ...anyCtx,
    accepts: { 3: text },
    fields: { 1: partFields, 2: { source: [] } },
  },
  showAttribute: {
    args: ({ ctx, cache }) => [ctx, cache, 'objects', CONFIG],
    ...anyCtx,
    accepts: { 2: text, 3: ['undefined'] },
    fields: { 3: configFields },
  },
  showBuddyinfo: { args: ({ ctx, pages }) => [ctx, pages], ...anyCtx },
  showMeminfo: ofParts,
  showPagetypeinfo: {
    args: ({ ctx, pages }) => [ctx, pages, true],
    ...anyCtx,
    accepts: { 2: ['undefined', 'true'] },
  },
  showSlabinfo: { args: ({ ctx, kmem }) => [ctx, kmem], ...anyCtx },
  showTraces: { args: ({ ctx, tracked }) => [ctx, tracked, 'alloc_traces'], ...anyCtx },
  showVmstat: ofParts,
  showZoneinfo: ofParts,
  storeAttribute: {
    args: ({ ctx, cache }) => [ctx, cache, 'shrink', '1\n'],
    ...anyCtx,
    accepts: { 2: text, 3: text },
  },
  writeSlabinfo: { args: ({ ctx, kmem }) => [ctx, kmem, 'x 120 60 8'], ...anyCtx, accepts: { 2: text } },
  'new FsError': HOT.error,
  'new KernelFs': {
    args: ({ parts }) => [parts, 0],
    accepts: { 1: ['undefined'] },
    fields: { 0: partFields },
  },
  'KernelFs.existsSync': NODE_FS,
  'KernelFs.accessSync': NODE_FS,
  'KernelFs.readFileSync': NODE_FS,
  'KernelFs.writeFileSync': NODE_FS,
  'KernelFs.appendFileSync': NODE_FS,
  'KernelFs.readdirSync': NODE_FS,
  'KernelFs.readlinkSync': NODE_FS,
  'KernelFs.realpathSync': NODE_FS,
  'KernelFs.statSync': NODE_FS,
  'KernelFs.lstatSync': NODE_FS,
  slabAttributes: {
    args: () => [{ hasZoneDma: true, hasZoneDma32: true, series: 'merged', config: CONFIG }],
    fields: { 0: { hasZoneDma: ['true'], hasZoneDma32: ['true'], series: [], config: [] } },
  },
  formatSlabinfo: { args: () => [LINE], fields: { 0: lineFields } },
  parseSlabinfo: { args: () => ['ep_head'], accepts: { 0: text } },
};

tryWrongValues<World>('@mm/sysfs', {
  face: sysfs,
  stepped,
  makeWorld,
  stateOf: ({ pages, log, kmem, cache }) =>
    digest(
      ...snapshotAllocator(pages).arrays,
      cache.cpu,
      cache.node,
      [cache.minPartial, cache.cpuPartial, cache.flags, log.lines],
      [...kmem.names.directories.keys(), ...kmem.names.links.keys()],
    ),
  rows,
});

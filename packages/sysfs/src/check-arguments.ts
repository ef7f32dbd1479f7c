import { PageAllocator } from '@mm/buddy';
import { checkSeries } from '@mm/kmem';
import { OptionError, checkBoolean, checkInstance, checkInteger, checkObject, checkText } from '@mm/printk';
import { SlabSystem } from '@mm/slab';
import { SlubCache, SlubSystem } from '@mm/slub';
import { VmSysctls } from '@mm/zones';

import { KERNEL_CONFIG, type KernelConfig } from './kernel-config.js';
import type { AttributeRules } from './slab/slab-attributes.js';
import type { SlabinfoLine } from './slab/slabinfo-text.js';
import type { SysfsParts } from './sysfs-parts.js';
import type { FileNode, ProcName } from './tree/fs-node.js';

const PROC_NAMES: readonly ProcName[] = [
  'buddyinfo',
  'meminfo',
  'pagetypeinfo',
  'slabinfo',
  'vmstat',
  'zoneinfo',
];

/** @throws OptionError for what is no page allocator. */
export const checkPages = (pages: PageAllocator): PageAllocator =>
  checkInstance('pages', pages, PageAllocator);

/** @throws OptionError for what is neither SLUB nor SLAB. */
export function checkKmem(kmem: SlubSystem | SlabSystem): void {
  if (!(kmem instanceof SlubSystem || kmem instanceof SlabSystem))
    throw new OptionError('kmem', 'a SlubSystem or a SlabSystem', kmem);
}

/** @throws OptionError for what is no cache of SLUB. */
export const checkCache = (cache: SlubCache): SlubCache => checkInstance('cache', cache, SlubCache);

/** @throws OptionError naming the option of the kernel that is neither true nor false. */
export function checkConfig(config: KernelConfig): void {
  checkObject('config', config, 'options of the kernel');
  for (const option of Object.keys(KERNEL_CONFIG) as Array<keyof KernelConfig>)
    checkBoolean(`config.${option}`, config[option]);
}

/** @throws OptionError naming the part that is none. */
export function checkParts(parts: SysfsParts): void {
  checkObject('parts', parts, 'an object with pages, kmem, sysctls and config');
  checkPages(parts.pages);
  checkKmem(parts.kmem);
  checkInstance('sysctls', parts.sysctls, VmSysctls);
  checkConfig(parts.config);
}

/** @throws OptionError for what openFile() does not return. */
export function checkFile(file: FileNode): void {
  checkObject('file', file, 'a file, as openFile() returns it');
  const source = checkObject('file.source', file.source, 'what the file shows');
  if (source.of === 'slab' || source.of === 'traces') checkCache(source.cache);
  if (source.of === 'slab') checkObject('file.source.attribute', source.attribute, 'a file of a cache');
  else if (source.of === 'proc') checkOneOf('file.source.name', source.name, PROC_NAMES);
  else if (source.of === 'traces' || source.of === 'sysctl') checkText('file.source.name', source.name);
  else
    throw new OptionError(
      'file.source.of',
      'slab, traces, proc or sysctl',
      (source as FileNode['source']).of,
    );
}

/** @throws OptionError for what is none of them. */
export function checkOneOf<T>(field: string, value: T, values: readonly T[]): void {
  if (!values.includes(value)) throw new OptionError(field, `one of ${values.join(', ')}`, value);
}

/** @throws OptionError naming the rule that is none. */
export function checkRules(rules: AttributeRules): void {
  checkObject('rules', rules, 'an object with hasZoneDma, hasZoneDma32, series and config');
  checkBoolean('rules.hasZoneDma', rules.hasZoneDma);
  checkBoolean('rules.hasZoneDma32', rules.hasZoneDma32);
  checkSeries(rules.series);
  checkConfig(rules.config);
}

const COUNTS = [
  'activeObjects',
  'objects',
  'size',
  'objectsPerSlab',
  'pagesPerSlab',
  'limit',
  'batchcount',
  'shared',
  'activeSlabs',
  'slabs',
  'sharedAvailable',
] as const;

/** @throws OptionError naming the field of a line of /proc/slabinfo that is none. */
export function checkLine(line: SlabinfoLine): void {
  checkObject('line', line, 'what a line of /proc/slabinfo says');
  checkText('line.name', line.name);
  for (const field of COUNTS) checkInteger(`line.${field}`, line[field], -Number.MAX_SAFE_INTEGER, 2 ** 64);
}

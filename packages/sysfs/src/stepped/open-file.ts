import { applySizes, updateFloors } from '@mm/buddy';
import { Errno, checkText } from '@mm/printk';
import { SlubSystem } from '@mm/slub';
import { getActive } from '@mm/slub/stepped';
import { type Context, type Steps, read, unlock } from '@mm/steps/stepped';
import { type VmSysctl, readVmSysctl, writeVmSysctl } from '@mm/zones';

import { checkFile, checkOneOf, checkParts } from '../check-arguments.js';
import type { SysfsParts } from '../sysfs-parts.js';
import type { FileNode, FileSource, ProcName } from '../tree/fs-node.js';
import { kernelTree } from '../tree/kernel-tree.js';
import { lookup, lookupToCreate } from '../tree/lookup.js';
import { showBuddyinfo } from './buddyinfo.js';
import { showMeminfo } from './meminfo.js';
import { showPagetypeinfo } from './pagetypeinfo.js';
import { showAttribute } from './show-attribute.js';
import { showSlabinfo, writeSlabinfo } from './slabinfo.js';
import { storeAttribute } from './store-attribute.js';
import { showTraces } from './traces.js';
import { showVmstat } from './vmstat.js';
import { showZoneinfo } from './zoneinfo.js';

/** What a write to a file of sysfs hands over at once. */
const PAGE_SIZE = 4096;

/** What a file is opened for. */
export type OpenFor = 'reading' | 'writing' | 'both';

/** Whether opening makes a file that is not there: `no`, `may` (O_CREAT), `must` (O_CREAT and O_EXCL: none may be there). */
export type Creating = 'no' | 'may' | 'must';

const PURPOSES: readonly OpenFor[] = ['reading', 'writing', 'both'];
const CREATING: readonly Creating[] = ['no', 'may', 'must'];
const MAY_WRITE = 0o222;

/**
 * Opens a file by its path.
 *
 * @param creating as a shell's `>` opens files, which no file here can be made by: `may` unless it is for reading alone.
 * @returns the file, or a negative errno: -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG; -EISDIR for writing to a directory; -EACCES
 * for a file of sysfs that cannot be written, whoever asks, and for one that would have to be made; -EEXIST for one that must
 * be; -ENODEV when its cache has gone.
 * @throws OptionError for what is no part of a machine, no text, no purpose or no way to make files.
 * @example
 * openFile(ctx, parts, '/proc/slabinfo', 'reading');
 * @see linux 6.1 fs/kernfs/file.c kernfs_fop_open
 */
export function* openFile(
  ctx: Context,
  parts: SysfsParts,
  path: string,
  purpose: OpenFor,
  creating: Creating = purpose === 'reading' ? 'no' : 'may',
): Steps<FileNode | number> {
  checkParts(parts);
  checkText('path', path);
  checkOneOf('purpose', purpose, PURPOSES);
  checkOneOf('creating', creating, CREATING);
  if (parts.kmem instanceof SlubSystem) yield read(parts.kmem.names.cell);
  const tree = kernelTree(parts);
  const found =
    creating === 'no' ? lookup(tree, path, true) : lookupToCreate(tree, path, creating === 'must');
  if (typeof found === 'number') return found;
  const { node } = found;
  if (node.kind !== 'file') return -Errno.EISDIR;
  if (node.source.of === 'slab') {
    // Whether the file is still there is asked first, then whether it can be written.
    const reference = yield* getActive(ctx, node.source.cache);
    if (reference === null) return -Errno.ENODEV;
    yield unlock(reference);
    if (purpose !== 'reading' && (node.mode & MAY_WRITE) === 0) return -Errno.EACCES;
  }
  if (node.source.of !== 'traces') return node;
  const { cache, name } = node.source;
  return { ...node, source: { ...node.source, text: yield* showTraces(ctx, cache, name) } };
}

/**
 * Reads an open file.
 *
 * @returns its text, or -ENODEV when its cache has gone meanwhile; -EIO for a file of debugfs.
 * @throws OptionError for what is no part of a machine or no file.
 * @example
 * readFile(ctx, parts, file);
 * @see linux 6.1 fs/kernfs/file.c kernfs_seq_start
 */
export function* readFile(ctx: Context, parts: SysfsParts, file: FileNode): Steps<string | number> {
  checkParts(parts);
  checkFile(file);
  const { source } = file;
  if (source.of === 'proc') return yield* showProc(ctx, parts, source.name);
  if (source.of === 'sysctl') return readSysctl(parts, source.name);
  if (source.of === 'traces') return yield* readTraces(ctx, source);
  const reference = yield* getActive(ctx, source.cache);
  if (reference === null) return -Errno.ENODEV;
  const text = yield* showAttribute(ctx, source.cache, source.attribute.name, parts.config);
  yield unlock(reference);
  return text;
}

/** @see linux 6.1 fs/debugfs/file.c debugfs_file_get */
function* readTraces(ctx: Context, source: Extract<FileSource, { of: 'traces' }>): Steps<string | number> {
  const { cache, name, text } = source;
  if (cache.system.debugNames.directories.get(cache.name) !== cache) return -Errno.EIO;
  return text ?? (yield* showTraces(ctx, cache, name));
}

/** @see linux 6.1 fs/proc/generic.c proc_create */
function* showProc(ctx: Context, parts: SysfsParts, name: ProcName): Steps<string> {
  switch (name) {
    case 'buddyinfo':
      return yield* showBuddyinfo(ctx, parts.pages);
    case 'meminfo':
      return yield* showMeminfo(ctx, parts);
    case 'pagetypeinfo':
      return yield* showPagetypeinfo(ctx, parts.pages, parts.config.sparsemem);
    case 'slabinfo':
      return yield* showSlabinfo(ctx, parts.kmem);
    case 'vmstat':
      return yield* showVmstat(ctx, parts);
    case 'zoneinfo':
      return yield* showZoneinfo(ctx, parts);
  }
}

/**
 * Writes to an open file, as much as one write of the kernel takes.
 *
 * @param text one character a byte, at least one.
 * @returns bytes taken, from 1, or a negative errno of the file: -EINVAL, -ERANGE, -EIO, -ENODEV.
 * @throws OptionError for what is no part of a machine, no file or no text.
 * @example
 * writeFile(ctx, parts, file, '1\n'); // 2
 * @see linux 6.1 fs/kernfs/file.c kernfs_fop_write_iter
 */
export function* writeFile(ctx: Context, parts: SysfsParts, file: FileNode, text: string): Steps<number> {
  checkParts(parts);
  checkFile(file);
  checkText('text', text);
  const { source } = file;
  if (source.of === 'proc')
    return source.name === 'slabinfo' ? yield* writeSlabinfo(ctx, parts.kmem, text) : -Errno.EIO;
  if (source.of === 'sysctl') return writeSysctl(parts, source.name, text);
  if (source.of === 'traces') return -Errno.EINVAL;
  const reference = yield* getActive(ctx, source.cache);
  if (reference === null) return -Errno.ENODEV;
  const taken = yield* storeAttribute(ctx, source.cache, source.attribute.name, text.slice(0, PAGE_SIZE));
  yield unlock(reference);
  return taken;
}

/** Reading lowmem_reserve_ratio works the reserves out anew, and allocations heed them. */
function readSysctl({ pages, sysctls }: SysfsParts, name: VmSysctl): string {
  const text = readVmSysctl(sysctls, name);
  updateFloors(pages);
  return text;
}

function writeSysctl({ pages, sysctls }: SysfsParts, name: VmSysctl, text: string): number {
  const answer = writeVmSysctl(sysctls, name, text);
  if (answer < 0) return answer;
  pages.watermarkBoostFactor = sysctls.watermarkBoostFactor;
  applySizes(pages);
  return text.length;
}

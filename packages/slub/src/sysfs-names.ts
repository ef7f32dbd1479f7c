import { Errno, checkInstance } from '@mm/printk';
import { type Cell, CellSpace } from '@mm/steps';
import {
  SLAB_CACHE_DMA,
  SLAB_CACHE_DMA32,
  SLAB_CONSISTENCY_CHECKS,
  SLAB_RECLAIM_ACCOUNT,
  DEBUG_METADATA_FLAGS,
  checkName,
  isUnmergeable,
} from '@mm/kmem';

import { checkBoot, checkCache } from './check-arguments.js';
import type { SlubBoot } from './boot-options.js';
import type { SlubCache } from './slub-cache.js';

/**
 * The name of the directory of a cache that can be merged: its size and the flags that others must agree with.
 * @example
 * uniqueId(cache); // ':D-0001024'
 * @see linux 6.1 mm/slub.c create_unique_id
 */
export function uniqueId(cache: SlubCache): string {
  const { flags } = cache;
  const letters =
    ((flags & SLAB_CACHE_DMA) === 0 ? '' : 'd') +
    ((flags & SLAB_CACHE_DMA32) === 0 ? '' : 'D') +
    ((flags & SLAB_RECLAIM_ACCOUNT) === 0 ? '' : 'a') +
    ((flags & SLAB_CONSISTENCY_CHECKS) === 0 ? '' : 'F');
  const size = cache.size.toString().padStart(7, '0');
  return `:${letters}${letters === '' ? '' : '-'}${size}`;
}

/**
 * The directories and links below /sys/kernel/slab, as Linux 6.1 leaves them: a link stays when its cache goes, and a
 * cache that cannot be merged takes over whatever stands under its name.
 * @example
 * slub.names.directories.get('tables');
 */
export class SysfsNames {
  /** Name → the cache whose directory it is. */
  readonly directories: Map<string, SlubCache> = new Map<string, SlubCache>();
  /** Name → name of the directory that it points to, which may be gone. */
  readonly links: Map<string, string> = new Map<string, string>();
  /** Both maps. */
  readonly cell: Cell;

  /** @throws OptionError for what is no space of cells. */
  constructor(cells: CellSpace) {
    this.cell = checkInstance('cells', cells, CellSpace).claim('slub.sysfs.names');
  }

  /**
   * Makes the directory of a new cache: 0 or a negative errno.
   * @throws OptionError for what is no cache, and what is no boot parameters.
   * @see linux 6.1 mm/slub.c sysfs_slab_add
   */
  add(cache: SlubCache, boot: SlubBoot): number {
    checkCache(cache);
    checkBoot(boot);
    const byName =
      isUnmergeable(cache, boot.nomerge) ||
      (boot.debug.disableHigherOrder && (boot.debug.flags & DEBUG_METADATA_FLAGS) !== 0);
    if (byName) this.#remove(cache.name);
    // A directory's name has no slash. @see linux 6.1 lib/kobject.c kobject_set_name_vargs
    const name = byName ? cache.name.replaceAll('/', '!') : uniqueId(cache);
    cache.uid = name;
    if (this.directories.has(name) || this.links.has(name)) return -Errno.EEXIST;
    this.directories.set(name, cache);
    cache.hasDirectory = true;
    if (!byName) this.link(cache.name, cache);
    return 0;
  }

  /** A link to the directory of `cache`; takes over what stood there. @throws OptionError for what is no name or no cache. @see linux 6.1 mm/slub.c sysfs_slab_alias */
  link(name: string, cache: SlubCache): void {
    const { uid } = checkCache(cache);
    this.#remove(checkName(name));
    this.links.set(name, uid);
  }

  /** Frees the name of a cache's directory, if it is still its own. @throws OptionError for what is no cache. @see linux 6.1 mm/slub.c sysfs_slab_unlink */
  unlink(cache: SlubCache): void {
    if (this.directories.get(checkCache(cache).uid) === cache) this.directories.delete(cache.uid);
    cache.hasDirectory = false;
  }

  #remove(name: string): void {
    const cache = this.directories.get(name);
    if (cache !== undefined) cache.hasDirectory = false;
    this.directories.delete(name);
    this.links.delete(name);
  }
}

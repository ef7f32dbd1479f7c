import { SLAB_STORE_USER } from '@mm/kmem';
import { type KernelLog, LogLevel } from '@mm/printk';

import type { SlubCache } from './slub-cache.js';

/**
 * The directories below /sys/kernel/debug/slab, of caches that track their users, as Linux 6.1 leaves them: the first of two
 * caches of one name has the directory, the second gets none, also not later; and whichever of them goes takes it away.
 */
export class DebugfsNames {
  /** Name → the cache whose users its files tell of. */
  readonly directories: Map<string, SlubCache> = new Map<string, SlubCache>();
  readonly #log: KernelLog;

  constructor(log: KernelLog) {
    this.#log = log;
  }

  /** Makes the directory of a new cache. @see linux 6.1 mm/slub.c debugfs_slab_add, fs/debugfs/inode.c start_creating */
  add(cache: SlubCache): void {
    const { name, flags } = cache;
    // A name with a slash is looked up for no directory, and nobody is told.
    if ((flags & SLAB_STORE_USER) === 0 || name.includes('/')) return;
    if (this.directories.has(name))
      this.#log.write(LogLevel.err, `debugfs: Directory '${name}' with parent 'slab' already present!`);
    else this.directories.set(name, cache);
  }

  /** Removes what stands under a cache's name. @see linux 6.1 mm/slub.c debugfs_slab_release */
  release(cache: SlubCache): void {
    this.directories.delete(cache.name);
  }
}

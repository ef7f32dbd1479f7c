import { type Cell, type Context, type Steps, lock, read, unlock, write } from '@mm/steps/stepped';

import { checkCache } from '../check-arguments.js';
import type { SlubCache } from '../slub-cache.js';

/*
 * Who reads or writes a file in a cache's directory holds an active reference, and removing the directory waits for all of
 * them. Each CPU has a lock of its own that stands for the references taken there; removal takes each once.
 */

/**
 * Takes an active reference to a cache's directory.
 *
 * @returns the lock that stands for it, which `unlock` gives back; null when the directory has gone or is about to go.
 * @throws OptionError for what is no cache.
 * @example
 * getActive(ctx, cache) !== null; // a file of the directory may be used
 * @see linux 6.1 fs/kernfs/dir.c kernfs_get_active
 */
export function* getActive(ctx: Context, cache: SlubCache): Steps<Cell | null> {
  const cell = checkCache(cache).activeCell + ctx.cpu;
  yield lock(cell);
  yield read(cache.system.names.cell);
  if (cache.hasDirectory) return cell;
  yield unlock(cell);
  return null;
}

/**
 * Removes a cache's directory: nobody finds it any more, those who use a file of it are waited for, then its name is free.
 * @see linux 6.1 fs/kernfs/dir.c __kernfs_remove
 */
export function* removeDirectory(cache: SlubCache): Steps<void> {
  const { names, cpus } = cache.system;
  yield write(names.cell);
  cache.hasDirectory = false;
  for (let cpu = 0; cpu < cpus; cpu++) {
    yield lock(cache.activeCell + cpu);
    yield unlock(cache.activeCell + cpu);
  }
  yield write(names.cell);
  names.unlink(cache);
}

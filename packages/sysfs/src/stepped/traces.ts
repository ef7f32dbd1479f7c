import { type SlubCache, trackedUsers } from '@mm/slub';
import { type Context, type Steps, irqRestore, irqSave, lock, unlock } from '@mm/steps/stepped';

import { checkCache, checkOneOf } from '../check-arguments.js';
import { TRACE_NAMES, type TraceName, formatTraces } from '../slab/alloc-traces.js';

/**
 * The text of a tracked cache's file in debugfs.
 *
 * @throws OptionError for what is no cache or no such file.
 * @example
 * showTraces(ctx, cache, 'alloc_traces'); // '     12 caller+0x0/0x0 age=0 pid=1 cpus=0-1\n'
 * @see linux 6.1 mm/slub.c slab_debug_trace_open
 */
export function* showTraces(_ctx: Context, cache: SlubCache, name: TraceName): Steps<string> {
  checkCache(cache);
  checkOneOf('name', name, TRACE_NAMES);
  yield irqSave;
  yield lock(cache.listLockCell);
  const users = trackedUsers(cache, name === 'alloc_traces' ? 'alloc' : 'free');
  yield unlock(cache.listLockCell);
  yield irqRestore;
  const online = cache.system.online.reduce((sum, one) => sum + one, 0);
  return formatTraces(users, online);
}

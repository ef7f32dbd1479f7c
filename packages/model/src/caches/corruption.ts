import type { WorldOptions } from '../subsystem.js';

/**
 * Options with writes into free objects, where they are asked for: with or without debugging, as the seed chooses. The seed's
 * lowest bit is left out: that chooses between sequence and interleaving.
 */
export function withCorruption(options: WorldOptions, seed: number, slab: 'slub' | 'slab'): WorldOptions {
  if (options.corrupt !== true) return options;
  const debugged = ((seed >>> 4) & 1) === 0;
  if (!debugged) return options;
  if (slab === 'slab') return { debugSlab: true, ...options };
  return { cmdline: 'slub_debug=FZPU', ...options };
}

/** The same in words. */
export const describeCorruption = ({ corrupt, cmdline, debugSlab }: WorldOptions): string =>
  corrupt === true
    ? `free objects are written over, ${debugSlab === true ? 'built with DEBUG_SLAB' : (cmdline ?? 'debugging where caches ask for it')}`
    : '';

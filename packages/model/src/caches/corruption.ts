import type { WorldOptions } from '../subsystem.js';

/** Of this many worlds one has programs that write into free objects, unless somebody says otherwise. */
const ONE_IN = 8;

/**
 * Options with writes into free objects, or without, as the seed chooses; and where there are some, with or without debugging. The
 * seed's lowest bit is left out: that chooses between sequence and interleaving.
 */
export function withCorruption(options: WorldOptions, seed: number, slab: 'slub' | 'slab'): WorldOptions {
  const corrupt = options.corrupt ?? (seed >>> 1) % ONE_IN === 5;
  if (!corrupt) return options;
  const debugged = ((seed >>> 4) & 1) === 0;
  if (!debugged) return { ...options, corrupt };
  if (slab === 'slab') return { debugSlab: true, ...options, corrupt };
  return { cmdline: 'slub_debug=FZPU', ...options, corrupt };
}

/** The same in words. */
export const describeCorruption = ({ corrupt, cmdline, debugSlab }: WorldOptions): string =>
  corrupt === true
    ? `free objects are written over, ${debugSlab === true ? 'built with DEBUG_SLAB' : (cmdline ?? 'debugging where caches ask for it')}`
    : '';

import type { WorldOptions } from '../subsystem.js';

/**
 * What writes into free objects are tried on: debugging that finds them, debugging that looks at other things, none; each on machines
 * that refuse a wild address when it is freed, and on those that follow it as the kernel does.
 */
const SLUB_WORLDS: readonly WorldOptions[] = [
  { cmdline: 'slub_debug=FZPU' },
  {},
  { cmdline: 'slub_debug=FZPU', strict: false },
  { strict: false },
  { cmdline: 'slub_debug=F' },
  { randomFreelist: 5, hardenedFreelist: 6 },
  { cmdline: 'slub_debug=ZU', strict: false },
  { randomFreelist: 5, hardenedFreelist: 6, strict: false },
];

const SLAB_WORLDS: readonly WorldOptions[] = [
  { debugSlab: true },
  {},
  { debugSlab: true, strict: false },
  { strict: false },
];

/** One run in so many writes into free objects, where nobody said yes or no: after a wild write nothing is left to be held. */
const SELDOM = 4;

/**
 * Options with writes into free objects for the runs of some seeds, and what of debugging such a machine has. What was asked for
 * stays. The seed's lowest bit is left out: that chooses between sequence and interleaving.
 */
export function withCorruption(options: WorldOptions, seed: number, slab: 'slub' | 'slab'): WorldOptions {
  const turn = seed >>> 1;
  const { corrupt = turn % SELDOM === SELDOM - 1 } = options;
  if (!corrupt) return options;
  const worlds = slab === 'slub' ? SLUB_WORLDS : SLAB_WORLDS;
  const world = worlds[Math.floor(turn / SELDOM) % worlds.length]!;
  return { ...world, ...options, corrupt };
}

/** The same in words. */
export function describeCorruption({ corrupt, cmdline, debugSlab, ...rest }: WorldOptions): string {
  if (corrupt !== true) return '';
  const debugging =
    debugSlab === true ? 'built with DEBUG_SLAB' : (cmdline ?? 'debugging where caches ask for it');
  const lists = rest.hardenedFreelist === undefined ? '' : ', free lists in random order and hardened';
  const strict = rest.strict === false ? ', wild addresses are followed' : ', wild addresses are refused';
  return `free objects are written over: ${debugging}${lists}${strict}`;
}

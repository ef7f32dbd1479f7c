import { KernelLog, LogLevel, checkBoolean, checkInstance, checkText } from '@mm/printk';
import {
  DEBUG_METADATA_FLAGS,
  SLAB_CONSISTENCY_CHECKS,
  SLAB_FAILSLAB,
  SLAB_NOLEAKTRACE,
  SLAB_NO_USER_FLAGS,
  SLAB_POISON,
  SLAB_RED_ZONE,
  SLAB_STORE_USER,
  SLAB_TRACE,
} from '@mm/kmem';

import { checkDebug } from './check-arguments.js';

/** What `slub_debug` alone switches on: checks, red zones, poison, tracking. */
export const DEBUG_DEFAULT_FLAGS = SLAB_CONSISTENCY_CHECKS | DEBUG_METADATA_FLAGS;

/** What `slub_debug=` asks for. Made by {@link parseSlubDebug}. */
export interface DebugOptions {
  /** Flags for every cache. */
  readonly flags: number;
  /** Caches by name, with flags of their own; the first that fits counts. */
  readonly lists: readonly DebugList[];
  /** `O`: no metadata where it would make the least slab larger. */
  readonly disableHigherOrder: boolean;
}

/** Flags for caches by name. */
export interface DebugList {
  readonly flags: number;
  /** Names, which may end at a `*`. */
  readonly names: readonly string[];
}

/** Debugging is off. */
export const NO_DEBUG: DebugOptions = { flags: 0, lists: [], disableHigherOrder: false };

const LETTERS: Readonly<Record<string, number>> = {
  f: SLAB_CONSISTENCY_CHECKS,
  z: SLAB_RED_ZONE,
  p: SLAB_POISON,
  u: SLAB_STORE_USER,
  t: SLAB_TRACE,
  a: SLAB_FAILSLAB,
};

/**
 * Reads the value of the boot parameter `slub_debug`: blocks of flag letters between semicolons, each with names of
 * caches behind commas or none.
 *
 * @param value what follows `slub_debug=`; null or empty for the parameter alone.
 * @param log gets a line for each unknown letter.
 * @param failslab whether the kernel is built with CONFIG_FAILSLAB; else the letter A says nothing.
 * @param before what the parameter asked for when it stood on the command line before: its names stay until there are
 * others, its flags for every cache where only names follow, its `O` for ever.
 * @throws OptionError for a value that is no text.
 * @example
 * parseSlubDebug('FZ,dentry;P', log); // dentry: checks and red zones; all others: poison
 * @see linux 6.1 Documentation/mm/slub.rst, mm/slub.c setup_slub_debug
 */
export function parseSlubDebug(
  value: string | null,
  log: KernelLog,
  failslab = false,
  before: DebugOptions = NO_DEBUG,
): DebugOptions {
  checkInstance('log', log, KernelLog);
  checkBoolean('failslab', failslab);
  checkDebug(before);
  if (value === null || checkText('value', value) === '') return { ...before, flags: DEBUG_DEFAULT_FLAGS };
  let global: number | null = null;
  let { disableHigherOrder } = before;
  const lists: DebugList[] = [];
  for (const { 0: whole, 1: block = '', index } of value.matchAll(/([^;]+);*/gu)) {
    const isLast = index + whole.length === value.length;
    // One semicolon ends a list when a block follows; more of them, or one at the end, count to its last name.
    const surplus = whole.slice(block.length + (isLast ? 0 : 1));
    const comma = block.indexOf(',');
    const letters = comma === -1 ? block : block.slice(0, comma);
    const { flags, highOrderOff } = comma === 0 ? FULL : readLetters(letters, log, failslab);
    disableHigherOrder ||= highOrderOff;
    if (comma === -1) global = flags;
    else lists.push({ flags, names: namesOf(block.slice(comma + 1) + surplus) });
  }
  if (lists.length === 0) return { flags: global ?? 0, lists: before.lists, disableHigherOrder };
  // Blocks with names alone leave all other caches as they were.
  return { flags: global ?? before.flags, lists, disableHigherOrder };
}

const FULL = { flags: DEBUG_DEFAULT_FLAGS, highOrderOff: false };

/** The kernel stops at the end of the list, not at an empty name, but an empty list names nobody. */
const namesOf = (text: string): string[] => (text === '' ? [] : text.split(','));

function readLetters(
  letters: string,
  log: KernelLog,
  failslab: boolean,
): { flags: number; highOrderOff: boolean } {
  let flags = 0;
  let highOrderOff = false;
  for (const letter of letters) {
    const lower = letter.toLowerCase();
    const bits = LETTERS[lower];
    if (lower === '-') flags = 0;
    else if (lower === 'o') highOrderOff = true;
    else if (bits === undefined) log.write(LogLevel.err, `slub_debug option '${letter}' unknown. skipped`);
    else if (bits !== SLAB_FAILSLAB || failslab) flags |= bits;
  }
  return { flags, highOrderOff };
}

/**
 * The flags of a new cache: its own and those that `slub_debug` gives it.
 * @example
 * debugFlagsOf(parseSlubBoot('slub_debug=P,tables', log).debug, 0, 'tables') === SLAB_POISON;
 * @see linux 6.1 mm/slub.c kmem_cache_flags
 */
export function debugFlagsOf(options: DebugOptions, flags: number, name: string): number {
  if ((flags & SLAB_NO_USER_FLAGS) !== 0) return flags;
  for (const list of options.lists)
    if (list.names.some((pattern) => fits(name, pattern))) return (flags | list.flags) >>> 0;
  const global = (flags & SLAB_NOLEAKTRACE) === 0 ? options.flags : options.flags & ~SLAB_STORE_USER;
  return (flags | global) >>> 0;
}

function fits(name: string, pattern: string): boolean {
  const star = pattern.indexOf('*');
  return star === -1 ? name === pattern : name.startsWith(pattern.slice(0, star));
}

import { type SlubCache, SlubSystem } from '@mm/slub';
import { VM_SYSCTLS } from '@mm/zones';

import { TRACE_NAMES } from '../slab/alloc-traces.js';
import { type SlabAttribute, slabAttributes } from '../slab/slab-attributes.js';
import type { SysfsParts } from '../sysfs-parts.js';
import { type DirectoryNode, type FsNode, type ProcName, directory } from './fs-node.js';

const DIRECTORY_MODE = 0o755;

/** Directories ask the machine for what is in them, so a tree stays right as caches come and go. */
const trees = new WeakMap<SysfsParts, DirectoryNode>();

/**
 * The tree of a machine: /proc, and below /sys/kernel what SLUB has there. SLAB has nothing in /sys. Made once for the same parts.
 */
export function kernelTree(parts: SysfsParts): DirectoryNode {
  let tree = trees.get(parts);
  if (tree === undefined) {
    tree = makeTree(parts);
    trees.set(parts, tree);
  }
  return tree;
}

function makeTree(parts: SysfsParts): DirectoryNode {
  const { kmem, config } = parts;
  const isSlub = kmem instanceof SlubSystem;
  const inSys: Record<string, FsNode> = {};
  if (isSlub) inSys['slab'] = slabDirectory(parts, kmem);
  if (isSlub && config.slubDebug) inSys['debug'] = directory({ slab: debugDirectory(kmem) }, 0o700);
  return directory({
    proc: directory({
      ...procFiles(parts, isSlub),
      sys: directory({
        vm: directory(
          Object.fromEntries(
            VM_SYSCTLS.map((name): [string, FsNode] => [
              name,
              { kind: 'file', mode: 0o644, source: { of: 'sysctl', name } },
            ]),
          ),
        ),
      }),
    }),
    sys: directory({ kernel: directory(inSys, DIRECTORY_MODE) }),
  });
}

function procFiles({ config }: SysfsParts, isSlub: boolean): Record<string, FsNode> {
  const modes: Array<readonly [ProcName, number]> = [
    ['buddyinfo', 0o444],
    ['meminfo', 0o444],
    ['pagetypeinfo', 0o400],
    ['vmstat', 0o444],
    ['zoneinfo', 0o444],
  ];
  // SLUB counts what the file says only when it is built with debugging; only SLAB can be tuned by it.
  if (!isSlub || config.slubDebug) modes.push(['slabinfo', isSlub ? 0o400 : 0o600]);
  return Object.fromEntries(
    modes.map(([name, mode]): [string, FsNode] => [
      name,
      { kind: 'file', mode, source: { of: 'proc', name } },
    ]),
  );
}

/** /sys/kernel/slab: a directory for each cache, a link for each other name. */
function slabDirectory({ config, kmem }: SysfsParts, slub: SlubSystem): DirectoryNode {
  const { hasZoneDma, hasZoneDma32 } = slub;
  const attributes = slabAttributes({ hasZoneDma, hasZoneDma32, series: kmem.register.series, config });
  return {
    kind: 'directory',
    mode: DIRECTORY_MODE,
    names: () => [...shown(slub.names.directories), ...slub.names.links.keys()].sort(),
    child(name) {
      const { directories, links } = slub.names;
      const cache = directories.get(name);
      if (cache?.hasDirectory === true) return cacheDirectory(cache, attributes);
      const target = links.get(name);
      return target === undefined ? null : { kind: 'link', target };
    },
  };
}

/** A directory that is being removed still has its name, but is not found. */
const shown = (directories: ReadonlyMap<string, SlubCache>): string[] =>
  [...directories].filter(([, cache]) => cache.hasDirectory).map(([name]) => name);

function cacheDirectory(cache: SlubCache, attributes: ReadonlyMap<string, SlabAttribute>): DirectoryNode {
  return {
    kind: 'directory',
    mode: DIRECTORY_MODE,
    names: () => [...attributes.keys()].sort(),
    child(name) {
      const attribute = attributes.get(name);
      if (attribute === undefined) return null;
      return { kind: 'file', mode: attribute.mode, source: { of: 'slab', cache, attribute } };
    },
  };
}

/** /sys/kernel/debug/slab: a directory for each cache that tracks its users. @see linux 6.1 mm/slub.c debugfs_slab_add */
function debugDirectory(slub: SlubSystem): DirectoryNode {
  return {
    kind: 'directory',
    mode: DIRECTORY_MODE,
    names: () => [...slub.debugNames.directories.keys()].sort(),
    child(name) {
      const cache = slub.debugNames.directories.get(name);
      if (cache === undefined) return null;
      return directory(
        Object.fromEntries(
          TRACE_NAMES.map((file): [string, FsNode] => [
            file,
            { kind: 'file', mode: 0o400, source: { of: 'traces', cache, name: file } },
          ]),
        ),
        DIRECTORY_MODE,
      );
    },
  };
}

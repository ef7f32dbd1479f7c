import type { SlubCache } from '@mm/slub';
import type { VmSysctl } from '@mm/zones';

import type { SlabAttribute } from '../slab/slab-attributes.js';
import type { TraceName } from '../slab/alloc-traces.js';

/** Files of /proc that are shown here. */
export type ProcName = 'buddyinfo' | 'meminfo' | 'pagetypeinfo' | 'slabinfo' | 'vmstat' | 'zoneinfo';

/** What a file shows. */
export type FileSource =
  | { readonly of: 'slab'; readonly cache: SlubCache; readonly attribute: SlabAttribute }
  | {
      readonly of: 'traces';
      readonly cache: SlubCache;
      readonly name: TraceName;
      /** What an open file shows: what was so when it was opened. */
      readonly text?: string;
    }
  | { readonly of: 'proc'; readonly name: ProcName }
  | { readonly of: 'sysctl'; readonly name: VmSysctl };

/** A file, directory or link; a directory names what is in it. */
export type FsNode =
  | {
      readonly kind: 'directory';
      readonly mode: number;
      readonly names: () => readonly string[];
      readonly child: (name: string) => FsNode | null;
    }
  | { readonly kind: 'file'; readonly mode: number; readonly source: FileSource }
  | { readonly kind: 'link'; readonly target: string };

/** A directory of {@link FsNode}. */
export type DirectoryNode = Extract<FsNode, { kind: 'directory' }>;
/** A file of {@link FsNode}. */
export type FileNode = Extract<FsNode, { kind: 'file' }>;

/** A directory whose entries are known. */
export function directory(entries: Readonly<Record<string, FsNode>>, mode = 0o555): DirectoryNode {
  const known = new Map(Object.entries(entries));
  return {
    kind: 'directory',
    mode,
    names: () => [...known.keys()],
    child: (name) => known.get(name) ?? null,
  };
}

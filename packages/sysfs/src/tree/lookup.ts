import { Errno } from '@mm/printk';

import type { DirectoryNode, FsNode } from './fs-node.js';

/** Links followed on the way before it is called a loop. @see linux 6.1 include/linux/namei.h MAXSYMLINKS */
const LINKS_MAX = 40;

/** What a path leads to. */
export interface Found {
  readonly node: FsNode;
  /** The path without links, dots and doubled slashes. */
  readonly path: string;
  /** The path ended with a slash: only a directory will do. */
  readonly mustBeDirectory: boolean;
}

/**
 * Follows a path from the root.
 *
 * @param followLast whether a link at the end is followed.
 * @returns -ENOENT, -ENOTDIR, -ELOOP, or what is there.
 * @see linux 6.1 fs/namei.c link_path_walk
 */
export function lookup(root: DirectoryNode, path: string, followLast: boolean): Found | number {
  const mustBeDirectory = /\/\.{0,2}$/u.test(path) || path === '.' || path === '..';
  const left = path.split('/').filter((name) => name !== '');
  const way: Array<readonly [name: string, node: FsNode]> = [];
  let at: FsNode = root;
  let links = 0;
  while (left.length > 0) {
    const name = left.shift()!;
    if (at.kind !== 'directory') return -Errno.ENOTDIR;
    if (name === '.') continue;
    if (name === '..') {
      way.pop();
      at = way.at(-1)?.[1] ?? root;
      continue;
    }
    const next: FsNode | null = at.child(name);
    if (next === null) return -Errno.ENOENT;
    if (next.kind === 'link' && (left.length > 0 || followLast || mustBeDirectory)) {
      if (++links > LINKS_MAX) return -Errno.ELOOP;
      left.unshift(...next.target.split('/').filter((part) => part !== ''));
      continue;
    }
    way.push([name, next]);
    at = next;
  }
  if (mustBeDirectory && at.kind !== 'directory') return -Errno.ENOTDIR;
  return { node: at, path: `/${way.map(([name]) => name).join('/')}`, mustBeDirectory };
}

import { Errno } from '@mm/printk';

import type { DirectoryNode, FsNode } from './fs-node.js';

/** Links followed on the way before it is called a loop. @see linux 6.1 include/linux/namei.h MAXSYMLINKS */
const LINKS_MAX = 40;

/** Bytes of a path, with the zero byte behind it. @see linux 6.1 include/uapi/linux/limits.h PATH_MAX */
const PATH_MAX = 4096;

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
 * @returns -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG, or what is there.
 * @see linux 6.1 fs/namei.c link_path_walk
 */
export function lookup(root: DirectoryNode, path: string, followLast: boolean): Found | number {
  if (path === '') return -Errno.ENOENT;
  if (utf8Length(path) >= PATH_MAX) return -Errno.ENAMETOOLONG;
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

/**
 * Follows a path to a file that is to be made where there is none: no file system here makes files. Of a link at the end
 * only what must be new looks at the link itself.
 *
 * @returns as {@link lookup}; -EISDIR for a name with a slash behind it; -EACCES where nothing is in sysfs, which finds that
 * out as it makes the file (/proc does as it looks); -EEXIST for what must be new and is there.
 * @see linux 6.1 fs/namei.c open_last_lookups, lookup_open, do_open
 */
export function lookupToCreate(root: DirectoryNode, path: string, mustBeNew: boolean): Found | number {
  const [, within, name, slashes] = /^(.*?)([^/]*)(\/*)$/su.exec(path)!;
  if (name !== '' && name !== '.' && name !== '..') {
    const parent = lookup(root, within === '' ? '/' : within!, true);
    if (typeof parent === 'number') return parent;
    if (slashes !== '') return -Errno.EISDIR;
    const found = lookup(root, path, !mustBeNew);
    if (found === -Errno.ENOENT && parent.path.startsWith('/sys')) return -Errno.EACCES;
    return mustBeNew && typeof found !== 'number' ? -Errno.EEXIST : found;
  }
  const found = lookup(root, path, true);
  return mustBeNew && typeof found !== 'number' ? -Errno.EEXIST : found;
}

const utf8Length = (text: string): number => {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
};

import type { FsNode } from '../tree/fs-node.js';

/** File types in a mode. @see linux 6.1 include/uapi/linux/stat.h */
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;

type Kind = FsNode['kind'];

/** What node's Dirent and Stats both can be asked. */
class Typed {
  readonly #kind: Kind;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  isFile(): boolean {
    return this.#kind === 'file';
  }

  isDirectory(): boolean {
    return this.#kind === 'directory';
  }

  isSymbolicLink(): boolean {
    return this.#kind === 'link';
  }

  isBlockDevice(): boolean {
    return false;
  }

  isCharacterDevice(): boolean {
    return false;
  }

  isFIFO(): boolean {
    return false;
  }

  isSocket(): boolean {
    return false;
  }
}

/**
 * An entry of a directory, as `node:fs` gives it.
 * @example
 * machine.fs.readdirSync('/sys/kernel/slab', { withFileTypes: true })[0]!.isSymbolicLink();
 */
export class Dirent extends Typed {
  readonly name: string;
  /** The directory as it was asked for. */
  readonly parentPath: string;
  /** The same, under its older name. */
  readonly path: string;

  constructor(name: string, parentPath: string, kind: Kind) {
    super(kind);
    this.name = name;
    this.parentPath = parentPath;
    this.path = parentPath;
  }
}

/**
 * What is known of a file, as `node:fs` gives it. There is no clock: all times are 0.
 * @example
 * machine.fs.statSync('/proc/slabinfo').mode & 0o777; // 0o400
 */
export class Stats extends Typed {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly nlink: number;
  readonly uid = 0;
  readonly gid = 0;
  readonly rdev = 0;
  readonly size: number;
  readonly blksize: number;
  readonly blocks = 0;
  readonly atimeMs = 0;
  readonly mtimeMs = 0;
  readonly ctimeMs = 0;
  readonly birthtimeMs = 0;
  readonly atime: Date = new Date(0);
  readonly mtime: Date = new Date(0);
  readonly ctime: Date = new Date(0);
  readonly birthtime: Date = new Date(0);

  constructor(node: FsNode, path: string, ino: number) {
    super(node.kind);
    const inSys = path.startsWith('/sys');
    this.dev = inSys ? 2 : path.startsWith('/proc') ? 3 : 1;
    this.ino = ino;
    this.mode =
      node.kind === 'directory'
        ? S_IFDIR | node.mode
        : node.kind === 'file'
          ? S_IFREG | node.mode
          : S_IFLNK | 0o777;
    this.nlink = node.kind === 'directory' ? 2 + subdirectories(node) : 1;
    // Every file of sysfs says that it has a page.
    this.size = node.kind === 'file' && inSys && node.source.of === 'slab' ? 4096 : 0;
    this.blksize = inSys ? 4096 : 1024;
  }
}

const subdirectories = (node: Extract<FsNode, { kind: 'directory' }>): number =>
  node.names().filter((name) => node.child(name)?.kind === 'directory').length;

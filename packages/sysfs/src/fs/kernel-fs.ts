import { Errno, checkInteger } from '@mm/printk';
import { Context } from '@mm/steps';

import { checkParts } from '../check-arguments.js';
import { openFile, readFile, writeFile } from '../erased/index.js';
import type { SysfsParts } from '../sysfs-parts.js';
import type { FsNode } from '../tree/fs-node.js';
import { kernelTree } from '../tree/kernel-tree.js';
import { type Found, lookup } from '../tree/lookup.js';
import { type Bytes, type UrlLike, checkEncoding, encoded, pathText, writtenText } from './bytes.js';
import { FsError } from './fs-error.js';
import { openFlag } from './open-flag.js';
import { Dirent, Stats } from './stats.js';

/** A path as `node:fs` takes it. */
export type PathLike = string | Uint8Array | UrlLike;

/** An encoding, or options with one. */
export type ReadOptions =
  | string
  | null
  | undefined
  | { readonly encoding?: string | null; readonly flag?: string };

/** Options of `readdirSync`. */
export interface ReaddirOptions {
  readonly encoding?: string | null;
  readonly withFileTypes?: boolean;
  readonly recursive?: boolean;
}

/** Options of `statSync`. */
export interface StatOptions {
  /** False: undefined in place of an error for what is not there. Default true. */
  readonly throwIfNoEntry?: boolean;
}

/**
 * /proc and /sys of a machine behind the synchronous calls of `node:fs`: the same arguments, results and errors, so that it
 * can stand in for the module. The caller is root.
 *
 * @example
 * machine.fs.readFileSync('/proc/slabinfo', 'utf8');
 * machine.fs.writeFileSync('/sys/kernel/slab/kmalloc-64/shrink', '1');
 */
export class KernelFs {
  readonly #parts: SysfsParts;
  readonly #ctx: Context;
  /** Path → number, in the order in which they were asked for. */
  readonly #inodes = new Map<string, number>();

  /**
   * @param parts of the machine that is looked at.
   * @param cpu the CPU that reads and writes.
   * @throws OptionError for what is no part of a machine or no CPU.
   */
  constructor(parts: SysfsParts, cpu = 0) {
    checkParts(parts);
    checkInteger('cpu', cpu, 0, parts.pages.cpus - 1);
    this.#parts = parts;
    this.#ctx = new Context(cpu);
  }

  /** Whether there is something at a path; false too for what is no path. */
  existsSync(path: PathLike): boolean {
    try {
      return typeof lookup(kernelTree(this.#parts), pathText(path), true) !== 'number';
    } catch {
      return false;
    }
  }

  /** @throws FsError ENOENT, ENOTDIR; EACCES for `mode` X_OK (1) and a file. */
  accessSync(path: PathLike, mode = 0): void {
    const { node } = this.#find(path, 'access', true);
    if ((mode & 1) !== 0 && node.kind === 'file') throw new FsError(-Errno.EACCES, 'access', pathText(path));
  }

  /** The bytes of a file. */
  readFileSync(path: PathLike, options?: null | { encoding?: null; flag?: string }): Bytes;
  /** The text of a file. */
  readFileSync(path: PathLike, options: string | { encoding: string; flag?: string }): string;
  /**
   * Reads a file.
   * @throws FsError as `node:fs` throws it: ENOENT, EISDIR, ENOTDIR, ELOOP; ENODEV when its cache has gone.
   */
  readFileSync(path: PathLike, options?: ReadOptions): string | Bytes;
  readFileSync(path: PathLike, options?: ReadOptions): string | Bytes {
    const { encoding, flag } = readOptions(options, 'r');
    const { purpose, creating } = openFlag(flag);
    const name = pathText(path);
    const file = openFile(this.#ctx, this.#parts, name, purpose, creating);
    // A directory can be opened for reading, but not read.
    if (file === -Errno.EISDIR && purpose === 'reading') throw new FsError(file, 'read');
    if (typeof file === 'number') throw new FsError(file, 'open', name);
    if (purpose === 'writing') throw new FsError(-Errno.EBADF, 'read');
    const text = readFile(this.#ctx, this.#parts, file);
    if (typeof text === 'number') throw new FsError(text, 'read');
    return encoded(text, encoding);
  }

  /**
   * Writes a file, with the effects that the kernel gives it.
   * @throws FsError as `node:fs` throws it: EACCES for a file of sysfs that is read-only or not there; EINVAL, ERANGE, EIO as
   * the file answers.
   */
  writeFileSync(path: PathLike, data: string | ArrayBufferView, options?: ReadOptions): void {
    const { encoding, flag } = readOptions(options, 'w');
    const { purpose, creating } = openFlag(flag);
    let text = writtenText(data, encoding);
    const name = pathText(path);
    const file = openFile(this.#ctx, this.#parts, name, purpose, creating);
    if (typeof file === 'number') throw new FsError(file, 'open', name);
    if (purpose === 'reading') throw new FsError(-Errno.EBADF, 'write');
    while (text.length > 0) {
      const taken = writeFile(this.#ctx, this.#parts, file, text);
      if (taken < 0) throw new FsError(taken, 'write');
      text = text.slice(taken);
    }
  }

  /** As {@link writeFileSync}: files of the kernel do not grow. */
  appendFileSync(path: PathLike, data: string | ArrayBufferView, options?: ReadOptions): void {
    const { encoding, flag } = readOptions(options, 'a');
    this.writeFileSync(path, data, { encoding, flag });
  }

  /** Names in a directory. */
  readdirSync(
    path: PathLike,
    options?: string | null | (ReaddirOptions & { withFileTypes?: false }),
  ): string[];
  /** Entries of a directory. */
  readdirSync(path: PathLike, options: ReaddirOptions & { withFileTypes: true }): Dirent[];
  /**
   * Reads a directory, in the order of names.
   * @throws FsError ENOENT, ENOTDIR.
   */
  readdirSync(path: PathLike, options?: string | null | ReaddirOptions): string[] | Dirent[];
  readdirSync(path: PathLike, options?: string | null | ReaddirOptions): string[] | Dirent[] {
    const given = typeof options === 'object' && options !== null ? options : { encoding: options ?? null };
    checkEncoding(given.encoding);
    const top = pathText(path);
    const { node } = this.#find(path, 'scandir', true);
    if (node.kind !== 'directory') throw new FsError(-Errno.ENOTDIR, 'scandir', top);
    const entries = given.recursive === true ? [...walk(node, '')] : [...list(node, '')];
    if (given.withFileTypes !== true) return entries.map(({ within, name }) => `${within}${name}`);
    const base = top.replace(/(?<=.)\/+$/u, '');
    return entries.map(({ within, name, kind }) => {
      const parent = within === '' ? base : `${base === '/' ? '' : base}/${within.slice(0, -1)}`;
      return new Dirent(name, parent, kind);
    });
  }

  /** Where a link points to. @throws FsError ENOENT; EINVAL for what is no link. */
  readlinkSync(path: PathLike, options?: ReadOptions): string {
    readOptions(options, 'r');
    const { node } = this.#find(path, 'readlink', false);
    if (node.kind !== 'link') throw new FsError(-Errno.EINVAL, 'readlink', pathText(path));
    return node.target;
  }

  /** The path without links. @throws FsError ENOENT, ENOTDIR, with the path of the part that is not there, as node walks. */
  realpathSync(path: PathLike, options?: ReadOptions): string {
    readOptions(options, 'r');
    let base = '';
    for (const name of withoutDots(pathText(path))) {
      const at = `${base}/${name}`;
      const { node } = this.#find(at, 'lstat', false);
      base = node.kind === 'link' ? this.#find(at, 'stat', true).path : at;
    }
    return base === '' ? '/' : base;
  }

  /** What is known of a file; links are followed. */
  statSync(path: PathLike, options?: { throwIfNoEntry?: true }): Stats;
  /** The same, or undefined for what is not there. */
  statSync(path: PathLike, options: StatOptions): Stats | undefined;
  statSync(path: PathLike, options: StatOptions = {}): Stats | undefined {
    return this.#stat(path, 'stat', options);
  }

  /** What is known of a file or of a link itself. */
  lstatSync(path: PathLike, options?: { throwIfNoEntry?: true }): Stats;
  /** The same, or undefined for what is not there. */
  lstatSync(path: PathLike, options: StatOptions): Stats | undefined;
  lstatSync(path: PathLike, options: StatOptions = {}): Stats | undefined {
    return this.#stat(path, 'lstat', options);
  }

  #stat(
    path: PathLike,
    syscall: 'stat' | 'lstat',
    { throwIfNoEntry = true }: StatOptions,
  ): Stats | undefined {
    if (!throwIfNoEntry) {
      const there = lookup(kernelTree(this.#parts), pathText(path), syscall === 'stat');
      if (there === -Errno.ENOENT || there === -Errno.ENOTDIR) return undefined;
    }
    const found = this.#find(path, syscall, syscall === 'stat');
    const ino = this.#inodes.get(found.path) ?? this.#inodes.size + 1;
    this.#inodes.set(found.path, ino);
    return new Stats(found.node, found.path, ino);
  }

  #find(path: PathLike, syscall: string, follow: boolean): Found {
    const name = pathText(path);
    const found = lookup(kernelTree(this.#parts), name, follow);
    if (typeof found === 'number') throw new FsError(found, syscall, name);
    return found;
  }
}

function readOptions(options: ReadOptions, flag: string): { encoding: string | null; flag: string } {
  const given = typeof options === 'object' && options !== null ? options : { encoding: options ?? null };
  return { encoding: checkEncoding(given.encoding), flag: given.flag ?? flag };
}

/** The names on a path, dots resolved by the text alone. */
function withoutDots(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names;
}

interface Entry {
  /** The directory it is in, below the one that was asked for, with a slash behind it. */
  readonly within: string;
  readonly name: string;
  readonly kind: FsNode['kind'];
}

function* list(node: Extract<FsNode, { kind: 'directory' }>, within: string): Generator<Entry> {
  for (const name of [...node.names()].sort()) {
    const child = node.child(name);
    if (child !== null) yield { within, name, kind: child.kind };
  }
}

/** Breadth first, as node walks. */
function* walk(node: Extract<FsNode, { kind: 'directory' }>, within: string): Generator<Entry> {
  const entries = [...list(node, within)];
  yield* entries;
  for (const { name } of entries) {
    const child = node.child(name);
    if (child?.kind === 'directory') yield* walk(child, `${within}${name}/`);
  }
}

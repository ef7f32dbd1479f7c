import * as nodeFs from 'node:fs';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { smallSlub } from '../../test/small-parts.js';
import type { KernelFs } from '../index.js';

const slabPath = '/sys/kernel/slab';

/** What of node's module and of ours the same code can use. */
type Fs = Pick<
  typeof nodeFs,
  | 'existsSync'
  | 'readdirSync'
  | 'readlinkSync'
  | 'realpathSync'
  | 'statSync'
  | 'lstatSync'
  | 'readFileSync'
  | 'writeFileSync'
>;

/** A real directory that looks like ours: two caches, a link, a link to nothing. */
const real = mkdtempSync(join(tmpdir(), 'mm-sysfs-'));
mkdirSync(join(real, ':0000064'));
writeFileSync(join(real, ':0000064/order'), '0\n');
symlinkSync(':0000064', join(real, 'small'));
symlinkSync(':0000128', join(real, 'gone'));
afterAll(() => rmSync(real, { recursive: true }));

const { fs: ours, slub } = smallSlub();
slub.register.create({ name: 'small', size: 64 });
slub.names.links.set('gone', ':0000129');

interface Outcome {
  readonly answer?: unknown;
  readonly message?: string;
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly syscall?: unknown;
  readonly path?: unknown;
}

/** What a call answers or throws, with the root of the tree cut off. */
function outcome(root: string, call: () => unknown): Outcome {
  const cut = (text: unknown): unknown =>
    typeof text === 'string'
      ? text.replaceAll(nodeFs.realpathSync(tmpdir()), tmpdir()).replaceAll(root, '')
      : text;
  try {
    return { answer: cut(call()) };
  } catch (error) {
    const { message, code, errno, syscall, path } = error as NodeJS.ErrnoException;
    return { message: cut(message) as string, code, errno, syscall, path: cut(path) };
  }
}

const calls: ReadonlyArray<readonly [string, (fs: Fs, root: string) => unknown]> = [
  ['reads text', (fs, root) => fs.readFileSync(`${root}/:0000064/order`, 'utf8')],
  ['reads through a link', (fs, root) => fs.readFileSync(`${root}/small/order`, { encoding: 'latin1' })],
  ['reads bytes', (fs, root) => fs.readFileSync(`${root}/small/order`).toString()],
  ['reads hex', (fs, root) => fs.readFileSync(`${root}/small/order`, 'hex')],
  ['reads from a URL', (fs, root) => fs.readFileSync(new URL(`file://${root}/small/order`), 'utf8')],
  ['reads from a path of bytes', (fs, root) => fs.readFileSync(Buffer.from(`${root}/small/order`), 'utf8')],
  ['finds no file', (fs, root) => fs.readFileSync(`${root}/nope`)],
  ['finds no file below one', (fs, root) => fs.readFileSync(`${root}/small/order/x`)],
  ['finds no directory behind a slash', (fs, root) => fs.readFileSync(`${root}/small/order/`)],
  ['does not read a directory', (fs, root) => fs.readFileSync(`${root}/small`)],
  ['follows a link to nothing', (fs, root) => fs.readFileSync(`${root}/gone/order`)],
  ['stats a link to nothing', (fs, root) => fs.statSync(`${root}/gone`)],
  ['looks for what is not there', (fs, root) => fs.statSync(`${root}/nope`, { throwIfNoEntry: false })],
  ['says that a link to nothing does not exist', (fs, root) => fs.existsSync(`${root}/gone`)],
  ['says that no path does not exist', (fs) => fs.existsSync('a\0b')],
  ['lstats a link', (fs, root) => fs.lstatSync(`${root}/gone`).isSymbolicLink()],
  ['stats through a link', (fs, root) => fs.statSync(`${root}/small`).isDirectory()],
  ['reads a link', (fs, root) => fs.readlinkSync(`${root}/small`)],
  ['reads no link', (fs, root) => fs.readlinkSync(`${root}/:0000064`)],
  ['resolves a link', (fs, root) => fs.realpathSync(`${root}/small/../small/./order`)],
  ['resolves nothing', (fs, root) => fs.realpathSync(`${root}/nope`)],
  ['resolves nothing within nothing', (fs, root) => fs.realpathSync(`${root}/small/nope/x`)],
  ['resolves a link to nothing', (fs, root) => fs.realpathSync(`${root}/gone`)],
  ['resolves nothing below a file', (fs, root) => fs.realpathSync(`${root}/small/order/x`)],
  ['finds nothing at no path', (fs) => [fs.existsSync(''), fs.readdirSync('')]],
  ['takes no path of a page', (fs, root) => fs.readFileSync(`${root}/${'\u00fc'.repeat(2048)}`)],
  ['writes to what is not there', (fs, root) => fs.writeFileSync(`${root}/nope`, '', { flag: 'r+' })],
  ['writes below what is not there', (fs, root) => fs.writeFileSync(`${root}/nope/x`, '')],
  ['writes below a file', (fs, root) => fs.writeFileSync(`${root}/small/order/x`, '')],
  ['makes no file with a slash', (fs, root) => fs.writeFileSync(`${root}/small/order/`, '')],
  ['makes no directory', (fs, root) => fs.writeFileSync(`${root}/small/.`, '')],
  ['makes no new directory', (fs, root) => fs.writeFileSync(`${root}/small`, '', { flag: 'wx' })],
  ['makes no new dots', (fs, root) => fs.writeFileSync(`${root}/small/..`, '', { flag: 'ax' })],
  ['makes no new file', (fs, root) => fs.writeFileSync(`${root}/small/order`, '', { flag: 'wx' })],
  ['makes no new link', (fs, root) => fs.writeFileSync(`${root}/gone`, '', { flag: 'ax' })],
  ['makes no new file to read', (fs, root) => fs.readFileSync(`${root}/small/order`, { flag: 'wx+' })],
  ['lists no file', (fs, root) => fs.readdirSync(`${root}/small/order`)],
  ['lists nothing', (fs, root) => fs.readdirSync(`${root}/nope`)],
  ['refuses an encoding', (fs, root) => fs.readFileSync(`${root}/small/order`, 'rot13' as BufferEncoding)],
  ['refuses a flag', (fs, root) => fs.readFileSync(`${root}/small/order`, { flag: 'zz' })],
  ['refuses a number for a path', (fs) => fs.readFileSync(7.5 as unknown as string)],
  ['refuses an object for a path', (fs) => fs.readFileSync({} as unknown as string)],
  ['refuses a zero byte', (fs) => fs.readFileSync('/a\0b')],
];

describe('answers and throws as node:fs does', () => {
  it.each(calls)('%s', (_, call) => {
    // The types of the two differ in what only one of them has.
    const like = ours as unknown as Fs;
    expect(outcome(slabPath, () => call(like, slabPath))).toEqual(outcome(real, () => call(nodeFs, real)));
  });

  it('lists names, and entries with their types', () => {
    const names = (fs: Fs, root: string): string[] =>
      fs
        .readdirSync(root)
        .filter((name) => ['small', 'gone', ':0000064'].includes(name))
        .sort();
    expect(names(ours as unknown as Fs, slabPath)).toEqual(names(nodeFs, real));
    const entries = (fs: Fs, root: string): unknown[] =>
      fs
        .readdirSync(root, { withFileTypes: true })
        .filter(({ name }) => ['small', 'gone', ':0000064'].includes(name))
        .map((entry) => [entry.name, entry.isDirectory(), entry.isSymbolicLink(), entry.isFile()])
        .sort();
    expect(entries(ours as unknown as Fs, slabPath)).toEqual(entries(nodeFs, real));
  });

  it('lists directories within directories', () => {
    const below = ours.readdirSync(slabPath, { recursive: true });
    expect(below).toContain(':0000064/order');
    expect(below.some((name) => name.startsWith('small/'))).toBe(false);
    const entry = ours
      .readdirSync(`${slabPath}/`, { recursive: true, withFileTypes: true })
      .find(({ parentPath }) => parentPath.endsWith(':0000064'))!;
    expect(entry.parentPath).toBe(`${slabPath}/:0000064`);
  });
});

/** The error of a call, as node prints it. */
function thrown(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
}

const writes: ReadonlyArray<readonly [file: string, text: string, error: string]> = [
  [`${slabPath}/:0000064/order`, '1', `EACCES: permission denied, open '${slabPath}/:0000064/order'`],
  [`${slabPath}/:0000064/nope`, '1', `EACCES: permission denied, open '${slabPath}/:0000064/nope'`],
  [`${slabPath}/gone`, '1', `EACCES: permission denied, open '${slabPath}/gone'`],
  ['/sys/nope', '1', "EACCES: permission denied, open '/sys/nope'"],
  ['/sys/nope/x', '1', "ENOENT: no such file or directory, open '/sys/nope/x'"],
  [slabPath, '1', `EISDIR: illegal operation on a directory, open '${slabPath}'`],
  [`${slabPath}/:0000064/min_partial`, 'many', 'EINVAL: invalid argument, write'],
  [`${slabPath}/:0000064/min_partial`, '-1', 'EINVAL: invalid argument, write'],
  [`${slabPath}/:0000064/min_partial`, '18446744073709551616', 'ERANGE: result too large, write'],
  [`${slabPath}/:0000064/cpu_partial`, '4294967296', 'ERANGE: result too large, write'],
  [`${slabPath}/:0000064/shrink`, '0', 'EINVAL: invalid argument, write'],
  [`${slabPath}/:0000064/validate`, '1', 'EINVAL: invalid argument, write'],
  [`${slabPath}/:0000064/alloc_slab`, '1', 'EINVAL: invalid argument, write'],
  ['/proc/slabinfo', 'small 1 1 0', 'EIO: i/o error, write'],
  ['/proc/vmstat', '1', 'EIO: i/o error, write'],
  ['/proc/nope', '1', "ENOENT: no such file or directory, open '/proc/nope'"],
  ['/proc/sys/vm/watermark_scale_factor', '0', 'EINVAL: invalid argument, write'],
  [`${slabPath}/:0000064/min_partial`, '7', 'nothing'],
  [`${slabPath}/small/min_partial`, '+5\n', 'nothing'],
  [`${slabPath}/small/min_partial`, '', 'nothing'],
  [`${slabPath}/small/cpu_partial`, '30\n', 'nothing'],
  [`${slabPath}/small/shrink`, '1\n', 'nothing'],
  [`${slabPath}/small/alloc_slab`, '0', 'nothing'],
  ['/proc/sys/vm/watermark_scale_factor', '20\n', 'nothing'],
];

describe('what writing does', () => {
  it.each(writes)('%s < %j: %s', (file, text, error) => {
    expect(thrown(() => ours.writeFileSync(file, text))).toBe(error);
    expect(thrown(() => ours.writeFileSync(file, Buffer.from(text)))).toBe(error);
  });

  it('the largest number that a file takes is the one that it shows', () => {
    const { fs } = smallSlub();
    const file = `${slabPath}/kmalloc-64/min_partial`;
    fs.writeFileSync(file, '18446744073709551615');
    expect(fs.readFileSync(file, 'utf8')).toBe('18446744073709551615\n');
  });

  it('nothing stays of a write that is refused', () => {
    const { fs } = smallSlub();
    const file = `${slabPath}/kmalloc-64/min_partial`;
    const before = fs.readFileSync(file, 'utf8');
    thrown(() => fs.writeFileSync(file, '12x'));
    expect(fs.readFileSync(file, 'utf8')).toBe(before);
  });

  it('a file that is there cannot be made, and a file opened for one use has no other', () => {
    const file = `${slabPath}/:0000064/shrink`;
    expect(thrown(() => ours.writeFileSync(file, '1', { flag: 'wx' }))).toBe(
      `EEXIST: file already exists, open '${file}'`,
    );
    expect(thrown(() => ours.writeFileSync(file, '1', { flag: 'r' }))).toBe(
      'EBADF: bad file descriptor, write',
    );
    expect(thrown(() => ours.readFileSync(file, { flag: 'w' }))).toBe('EBADF: bad file descriptor, read');
    expect(thrown(() => ours.appendFileSync(file, '1'))).toBe('nothing');
    expect(thrown(() => ours.accessSync(file, 1))).toContain('EACCES');
  });
});

it('modes, sizes and numbers of links are those of the kernel', () => {
  const mode = (path: string): string => (ours.statSync(path).mode & 0o7777).toString(8);
  expect(mode(`${slabPath}/small/order`)).toBe('400');
  expect(mode(`${slabPath}/small/shrink`)).toBe('600');
  expect(mode(slabPath)).toBe('755');
  expect(mode('/proc/slabinfo')).toBe('400');
  expect(mode('/proc/buddyinfo')).toBe('444');
  expect(ours.statSync(`${slabPath}/small/order`).size).toBe(4096);
  expect(ours.statSync('/proc/vmstat').size).toBe(0);
  const { ino } = ours.statSync(`${slabPath}/small`);
  expect(ours.statSync(`${slabPath}/:0000064`).ino).toBe(ino);
  expect(ours.lstatSync(`${slabPath}/small`).ino).not.toBe(ino);
});

it('nothing is left for a reader when the cache goes', () => {
  const fs: KernelFs = ours;
  const cache = slub.register.create({ name: 'short-lived', size: 4000, ctor: () => {} })!;
  expect(fs.existsSync(`${slabPath}/short-lived`)).toBe(true);
  slub.names.unlink(cache);
  expect(thrown(() => fs.readFileSync(`${slabPath}/short-lived/order`))).toContain('ENOENT');
});

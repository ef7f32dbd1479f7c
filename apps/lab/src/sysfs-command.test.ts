import { execFileSync, spawnSync } from 'node:child_process';
import * as nodeFs from 'node:fs';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createMachine } from '@mm/machine';
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest';

import { parseKmemTrace } from './kmem-trace.js';
import { runCli } from './run-cli.js';
import { diffTrees } from './sysfs/diff-trees.js';
import { replayKmem, scenarioNamed } from './sysfs/scenarios.js';

const scratch = mkdtempSync(join(tmpdir(), 'mm-lab-sysfs-'));
const tree = join(scratch, 'mixed');
const traceFile = fileURLToPath(new URL('../../../traces/linux-6.1-tree-kmem.txt.gz', import.meta.url));

/** A tree has thousands of files, and disks may be busy. */
const HOOK_MS = 60_000;

function run(...args: string[]): { code: number; out: string; err: string } {
  const said = { out: '', err: '' };
  const note =
    (to: 'out' | 'err') =>
    (...words: unknown[]): void => {
      said[to] += `${words.join(' ')}\n`;
    };
  vi.spyOn(console, 'log').mockImplementation(note('out'));
  vi.spyOn(console, 'error').mockImplementation(note('err'));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.err += String(text);
    return true;
  });
  try {
    return { code: runCli(args), ...said };
  } finally {
    vi.restoreAllMocks();
  }
}

beforeAll(() => {
  run('sysfs', 'export', tree, '--scenario', 'mixed', '--ram', '256M');
}, HOOK_MS);
afterAll(() => rmSync(scratch, { recursive: true, force: true }), HOOK_MS);

type Fs = Pick<typeof nodeFs, 'lstatSync' | 'readFileSync' | 'readdirSync' | 'readlinkSync'>;

/** Every path below one, with its text, names or target, and the mode of a file. */
function shownBelow(fs: Fs, root: string, path: string): Array<[string, string]> {
  const stats = fs.lstatSync(root + path);
  if (stats.isSymbolicLink()) return [[path, `-> ${fs.readlinkSync(root + path)}`]];
  if (!stats.isDirectory())
    return [[path, `${(stats.mode & 0o777).toString(8)} ${fs.readFileSync(root + path, 'utf8')}`]];
  const names = fs.readdirSync(root + path).sort();
  return [[path, names.join(' ')], ...names.flatMap((name) => shownBelow(fs, root, `${path}/${name}`))];
}

describe('export', () => {
  it('writes what the machine has, and node:fs reads the same there', () => {
    const machine = createMachine({ ramBytes: '256M', cpus: 2 });
    scenarioNamed('mixed')(machine, 1);
    const ours = new Map(
      ['/sys', '/proc'].flatMap((top) => shownBelow(machine.fs as unknown as Fs, '', top)),
    );
    const written = new Map(['/sys', '/proc'].flatMap((top) => shownBelow(nodeFs, tree, top)));
    expect(ours.size).toBeGreaterThan(1000);
    expect(written).toEqual(ours);
  });

  it('replays recorded events', () => {
    const { code, out } = run(
      'sysfs',
      'export',
      join(scratch, 'trace'),
      '--trace',
      traceFile,
      '--ram',
      '512M',
    );
    expect(code).toBe(0);
    expect(out).toMatch(/\d+ events, \d+ frees of what is not known, 0 failed/u);
    const slabinfo = readFileSync(join(scratch, 'trace/proc/slabinfo'), 'utf8');
    expect(/^dentry +(\d+)/mu.exec(slabinfo)?.[1]).not.toBe('0');
  });

  it('leaves a directory that is not empty alone, unless it is told to replace an earlier export', () => {
    const before = readFileSync(join(tree, 'proc/slabinfo'), 'utf8');
    const refused = run('sysfs', 'export', tree);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain(
      'DIR: expected an empty directory, or --force to replace an earlier export',
    );
    expect(readFileSync(join(tree, 'proc/slabinfo'), 'utf8')).toBe(before);
    const mine = mkdtempSync(join(scratch, 'mine-'));
    writeFileSync(join(mine, 'letter.txt'), 'dear');
    expect(run('sysfs', 'export', mine, '--force').code).toBe(2);
    expect(readdirSync(mine)).toEqual(['letter.txt']);
    const again = join(scratch, 'again');
    expect(run('sysfs', 'export', again, '--ram', '64M').code).toBe(0);
    expect(run('sysfs', 'export', again, '--ram', '64M', '--slab', 'slab', '--force').code).toBe(0);
    expect(existsSync(join(again, 'sys/kernel/slab'))).toBe(false);
  });

  it.each([
    [['--scenario', 'dance'], '--scenario: expected one of boot, mixed'],
    [['--cpus', 'two'], '--cpus: expected a whole number in 1..256'],
    [['--preset', 'vax'], 'preset: expected one of'],
    [['--trace', '/nope'], '--trace: expected a file that can be read'],
    [['--trace', traceFile, '--scenario', 'boot'], '--scenario: expected not to be given with --trace'],
    [['--slab', 'slob'], 'slab: expected one of slub, slab'],
  ])('says what is wrong with %j', (options, message) => {
    const { code, err } = run('sysfs', 'export', join(scratch, 'wrong'), ...options);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(existsSync(join(scratch, 'wrong'))).toBe(false);
  });
});

const traced = (event: string): string => `  cp-1 [003] ..... 5.75: ${event}`;

describe('a recording of kmem events', () => {
  it('is read with the names of its caches, which only frees tell', () => {
    const events = parseKmemTrace(
      [
        traced(
          'kmem_cache_alloc: call_site=a+0x1 ptr=01 bytes_req=100 bytes_alloc=104 gfp_flags=GFP_KERNEL node=-1',
        ),
        traced('kmem_cache_free: call_site=b+0x1 ptr=01 name=things'),
        traced(
          'kmem_cache_alloc: call_site=a+0x1 ptr=02 bytes_req=100 bytes_alloc=104 gfp_flags=GFP_KERNEL node=-1',
        ),
        traced('kmalloc: call_site=c+0x1 ptr=03 bytes_req=20 bytes_alloc=32 gfp_flags=GFP_ATOMIC|__GFP_ZERO'),
        traced('kfree: call_site=c+0x1 ptr=04'),
      ].join('\n'),
      'x',
    );
    expect(events.map(({ kind, cpu }) => [kind, cpu])).toEqual([
      ['cache alloc', 3],
      ['free', 3],
      ['cache alloc', 3],
      ['kmalloc', 3],
      ['free', 3],
    ]);
    expect(events.filter((event) => event.kind === 'cache alloc').map(({ cache }) => cache)).toEqual([
      'things',
      'things',
    ]);
    const machine = createMachine({ ramBytes: '64M' });
    expect(replayKmem(machine, events)).toEqual({ events: 5, unknown: 1, failed: 0 });
    expect(machine.fs.readFileSync('/sys/kernel/slab/things/object_size', 'utf8')).toBe('100\n');
  });
  it('that is broken is refused by its line', () => {
    const broken = traced('kmalloc: call_site=c+0x1 ptr=03 bytes_req=many gfp_flags=GFP_KERNEL');
    expect(() => parseKmemTrace(`\n${broken}`, 'x')).toThrow('x:2 bytes_req: expected a number up to');
    expect(() => parseKmemTrace('nothing', 'x')).toThrow('x: expected kmem events');
  });
});

describe('diff', () => {
  it('of a tree with itself finds nothing', () => {
    const { code, out } = run('sysfs', 'diff', tree, tree);
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+ compared, 0 differ\n$/u);
  });

  it('shows only what differs: texts, lines, links, what is missing, and what cannot be read', () => {
    const other = join(scratch, 'other');
    cpSync(tree, other, { recursive: true, verbatimSymlinks: true });
    const slab = join(other, 'sys/kernel/slab');
    chmodSync(join(slab, 'kmalloc-64/order'), 0o600);
    writeFileSync(join(slab, 'kmalloc-64/order'), '3\n');
    rmSync(join(slab, 'fs_cache'));
    rmSync(join(slab, 'kmalloc-32'), { recursive: true });
    const slabinfo = join(other, 'proc/slabinfo');
    chmodSync(slabinfo, 0o600);
    writeFileSync(slabinfo, readFileSync(slabinfo, 'utf8').replace(/^(kmalloc-64 +)\d+/mu, '$199'));
    const { differences } = diffTrees(tree, other);
    const at = (path: string) => differences.find((one) => one.path === path);
    expect(at('sys/kernel/slab/kmalloc-64/order')).toMatchObject({ a: '0', b: '3' });
    expect(at('sys/kernel/slab/fs_cache')).toMatchObject({ a: '-> :0000064', b: null });
    expect(at('sys/kernel/slab/kmalloc-32')?.b).toBeNull();
    expect(at('proc/slabinfo:kmalloc-64')?.b).toContain('kmalloc-64');
    expect(differences).toHaveLength(4);
    const { code, out } = run('sysfs', 'diff', tree, other);
    expect(code).toBe(1);
    expect(out).toContain('(not there)');
    expect(out).toContain('4 differ');
    expect(JSON.parse(run('sysfs', 'diff', '--json', tree, other).out).differences).toHaveLength(4);
  });

  it('compares a whole tree with a copy of /sys/kernel/slab', () => {
    const copy = join(scratch, 'copy');
    cpSync(join(tree, 'sys/kernel/slab'), copy, { recursive: true, verbatimSymlinks: true });
    expect(run('sysfs', 'diff', tree, copy).code).toBe(0);
    expect(run('sysfs', 'diff', copy, tree).code).toBe(0);
  });

  it.each([[['/nope', tree]], [[tree, traceFile]], [[tree]]])('refuses %j', (trees) => {
    expect(run('sysfs', 'diff', ...trees).code).toBe(2);
  });
});

const has = (command: string): boolean => spawnSync(command, ['--version']).status === 0;

/** Why procps cannot be tried on our text; null: it can. */
function missing(): string | null {
  if (process.platform !== 'linux') return 'not Linux';
  if (!has('slabtop') || !has('vmstat')) return 'procps is not installed';
  if (!has('unshare')) return 'unshare is not installed';
  if (spawnSync('unshare', ['-m', 'true']).status !== 0) return 'no mount namespaces here: root is needed';
  return existsSync('/proc/slabinfo') ? null : 'this kernel has no /proc/slabinfo to put ours over';
}

const why = missing();

const bound = (command: string): string =>
  execFileSync(
    'unshare',
    ['-m', 'sh', '-c', `mount --bind "$1" /proc/slabinfo && ${command}`, 'sh', join(tree, 'proc/slabinfo')],
    {
      encoding: 'utf8',
    },
  );
const lines = (): string[] =>
  readFileSync(join(tree, 'proc/slabinfo'), 'utf8').trimEnd().split('\n').slice(2);

describe.skipIf(why !== null)(`procps${why === null ? '' : ` (left out: ${why})`}`, () => {
  test('slabtop reads every cache', () => {
    const out = bound('slabtop -o');
    const active = lines().reduce((sum, line) => sum + Number(line.split(/ +/u)[1]), 0);
    const all = lines().reduce((sum, line) => sum + Number(line.split(/ +/u)[2]), 0);
    expect(out).toContain(`Active / Total Objects (% used)    : ${active} / ${all}`);
    expect(out).toMatch(/^ +\d+ +\d+ +\d+% .* inode_cache/mu);
  });

  test('vmstat -m reads every cache', () => {
    const out = bound('vmstat -m');
    for (const line of lines()) {
      const [name, active, all, size] = line.split(/ +/u);
      expect(out).toMatch(new RegExp(`^${name} +${active} +${all} +${size} `, 'mu'));
    }
  });
});

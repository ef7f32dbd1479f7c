import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { loadRecordings } from './conform.js';
import { runCli } from './run-cli.js';

const golden = (name: string): string => fileURLToPath(new URL(`../../../golden/${name}`, import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'mm-check-'));
const listenersBefore = process.listenerCount('SIGINT');
const out: string[] = [];
const err: string[] = [];

beforeEach(() => {
  out.length = 0;
  err.length = 0;
  vi.spyOn(console, 'log').mockImplementation((text: string) => void out.push(text));
  vi.spyOn(console, 'error').mockImplementation((text: string) => void err.push(text));
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(dir, { recursive: true }));

const saved = (name: string, content: string | Buffer): string => {
  const file = join(dir, name);
  writeFileSync(file, content);
  return file;
};

describe('mm-check conform', () => {
  test('Ctrl-C is heard between the files that are read', async () => {
    const asked: boolean[] = [];
    const stop = (): boolean => asked.push(true) > 1;
    const loaded = await loadRecordings([golden('mm/gfp.json'), saved('broken-second.json', '{')], stop);
    expect(loaded.map(({ recording }) => recording.kind)).toEqual(['gfp']);
  });

  test('says how many cases match, on its last line', async () => {
    expect(await runCli(['conform', golden('v7s/config.json'), golden('mm/gfp.json')])).toBe(0);
    expect(out.at(-1)).toBe('161 cases, 0 mismatches');
  });

  test('shows what Linux did beside what happened here, and ends in 1', async () => {
    const recording = JSON.parse(readFileSync(golden('mm/genalloc.json'), 'utf8'));
    recording.cases = recording.cases.slice(0, 3);
    const op = recording.cases[2].ops[0];
    op[op.length - 1] = 12345;
    const file = saved('changed.json', JSON.stringify(recording));
    expect(await runCli(['conform', file])).toBe(1);
    expect(out.at(-1)).toBe('3 cases, 1 mismatches');
    expect(out.join('\n')).toMatch(/changed\.json case 2: ops\[0\] add\n +Linux \| here\n! 12345 \| 0/u);
  });

  test('an interrupt ends it with 130 and the sums so far', async () => {
    const ended = runCli(['conform', golden('mm/zones.json')]);
    setImmediate(() => process.emit('SIGINT'));
    expect(await ended).toBe(130);
    expect(out.at(-2)).toBe('interrupted');
    const played = Number(/^(\d+) cases, 0 mismatches$/u.exec(out.at(-1)!)![1]);
    expect(played).toBeGreaterThan(0);
    expect(played).toBeLessThan(20);
    expect(process.listenerCount('SIGINT')).toBe(listenersBefore);
  });
});

const base = JSON.parse(readFileSync(golden('mm/genalloc.json'), 'utf8'));
const buddy = JSON.parse(readFileSync(golden('mm/buddy-trace.json'), 'utf8'));
base.cases = base.cases.slice(0, 1);
buddy.cases = buddy.cases.slice(0, 1);

/** A recording with one thing changed. */
const changed = (from: unknown, edit: (recording: any) => void): string => {
  const recording = structuredClone(from);
  edit(recording);
  return JSON.stringify(recording);
};

const pushed = (op: unknown): string => changed(base, (r) => r.cases[0].ops.push(op));
const zone = (edit: (zone: any) => void): string =>
  changed(buddy, (r) => edit(r.cases[0].before[Object.keys(r.cases[0].before)[0]!]));

/** What is in a broken file, and what the message must name. */
const BROKEN: ReadonlyArray<readonly [string, string | Buffer, string]> = [
  ['empty', '', 'whole JSON'],
  ['blank', ' \n', 'whole JSON'],
  ['text', 'hello', 'whole JSON'],
  ['null', 'null', 'object'],
  ['true', 'true', 'object'],
  ['number', '7', 'object'],
  ['string', '"mm-golden/1"', 'object'],
  ['array', '[]', 'object'],
  ['object', '{}', 'format'],
  ['half', JSON.stringify(base).slice(0, 300), 'whole JSON'],
  ['all-but-one', JSON.stringify(base).slice(0, -1), 'whole JSON'],
  ['twice', JSON.stringify(base) + JSON.stringify(base), 'whole JSON'],
  ['zeros', Buffer.alloc(1000), 'whole JSON'],
  ['bytes', Buffer.from([0xff, 0xfe, 0x00, 0x80]), 'whole JSON'],
  ['comment', `// recorded\n${JSON.stringify(base)}`, 'whole JSON'],
  ['deep', '['.repeat(100_000), 'whole JSON'],
  ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), 'whole JSON'],
  ['format-2', changed(base, (r) => (r.format = 'mm-golden/2')), 'format'],
  ['format-number', changed(base, (r) => (r.format = 1)), 'format'],
  ['format-none', changed(base, (r) => delete r.format), 'format'],
  ['kind-none', changed(base, (r) => delete r.kind), 'kind'],
  ['kind-empty', changed(base, (r) => (r.kind = '')), 'kind'],
  ['kind-unknown', changed(base, (r) => (r.kind = 'teapot')), '"teapot"'],
  ['kind-case', changed(base, (r) => (r.kind = 'GenAlloc')), '"GenAlloc"'],
  ['kind-proto', changed(base, (r) => (r.kind = '__proto__')), 'kind'],
  ['kind-array', changed(base, (r) => (r.kind = ['genalloc'])), 'kind'],
  ['kind-other', changed(base, (r) => (r.kind = 'buddy-trace')), 'bmini_columns'],
  ['source-none', changed(base, (r) => delete r.source), 'source'],
  ['source-text', changed(base, (r) => (r.source = 'linux')), 'source'],
  ['source-kernel', changed(base, (r) => (r.source.kernel = 6.1)), 'source.kernel'],
  ['source-config', changed(base, (r) => (r.source.config = { ZONE_DMA: 'y' })), 'source.config.ZONE_DMA'],
  ['source-cpus', changed(base, (r) => (r.source.cpus = 0)), 'source.cpus'],
  ['cases-none', changed(base, (r) => delete r.cases), 'cases'],
  ['cases-empty', changed(base, (r) => (r.cases = [])), 'cases'],
  ['cases-object', changed(base, (r) => (r.cases = { 0: {} })), 'cases'],
  ['case-null', changed(base, (r) => (r.cases[0] = null)), 'cases.0'],
  ['case-number', changed(base, (r) => r.cases.push(3)), 'cases.1'],
  ['case-empty', changed(base, (r) => (r.cases[0] = {})), 'cases[0].min_alloc_order'],
  ['case-second', changed(base, (r) => r.cases.push({ ops: [] })), 'cases[1].min_alloc_order'],
  ['granule-text', changed(base, (r) => (r.cases[0].min_alloc_order = '12')), 'min_alloc_order'],
  ['granule-huge', changed(base, (r) => (r.cases[0].min_alloc_order = 64)), 'min_alloc_order'],
  ['granule-odd', changed(base, (r) => (r.cases[0].min_alloc_order = 1.5)), 'min_alloc_order'],
  ['ops-none', changed(base, (r) => delete r.cases[0].ops), 'ops'],
  ['ops-text', changed(base, (r) => (r.cases[0].ops = 'alloc')), 'ops'],
  ['op-unknown', pushed(['destroy', 0]), 'a known operation'],
  ['op-empty', pushed([]), 'ops'],
  ['op-null', pushed(null), 'ops'],
  ['op-object', pushed({ op: 'alloc' }), 'ops'],
  ['op-short', pushed(['alloc']), 'ops'],
  ['op-long', pushed(['size', [0, 0], 1]), 'ops'],
  ['op-negative', pushed(['alloc', -1, ['0', null, 0]]), 'ops'],
  ['op-fraction', pushed(['alloc', 0.5, ['0', null, 0]]), 'ops'],
  ['op-handle', pushed(['free', 9999, [1, 0]]), 'a handle below'],
  ['op-algorithm', pushed(['algo', 'worst_fit', 0]), 'ops'],
  ['buddy-columns', changed(buddy, (r) => delete r.bmini_columns), 'bmini_columns'],
  ['buddy-columns-empty', changed(buddy, (r) => (r.bmini_columns = [])), 'bmini_columns'],
  ['buddy-before', changed(buddy, (r) => delete r.cases[0].before), 'before'],
  ['buddy-before-empty', changed(buddy, (r) => (r.cases[0].before = {})), 'before'],
  ['buddy-after', changed(buddy, (r) => (r.cases[0].after = null)), 'after'],
  ['buddy-zonelist', changed(buddy, (r) => (r.cases[0].zonelist = [])), 'zonelist'],
  ['buddy-op', changed(buddy, (r) => r.cases[0].ops.push(['z', 1])), 'ops'],
  ['buddy-handle', changed(buddy, (r) => r.cases[0].ops.unshift(['q', 0, 1])), 'a handle below 0'],
  ['buddy-op-order', changed(buddy, (r) => r.cases[0].ops.push(['p', 0, 'two', null])), 'ops'],
  ['zone-name', zone((z) => (z.zone.name = 'Swap')), 'zone.name'],
  ['zone-start', zone((z) => (z.zone.start_pfn = -1)), 'start_pfn'],
  ['zone-spanned', zone((z) => (z.zone.spanned = 2 ** 31)), 'spanned'],
  ['zone-present', zone((z) => (z.zone.present = z.zone.spanned + 1)), 'present'],
  ['zone-managed', zone((z) => (z.zone.managed = z.zone.present + 1)), 'managed'],
  ['zone-nr-free', zone((z) => (z.zone.nr_free += 1)), 'nr_free'],
  ['zone-free', zone((z) => (z.free = [[0, 0, [3, 3]]])), 'free'],
  ['zone-free-order', zone((z) => z.free.push([11, 0, [0]])), 'free'],
  ['zone-free-outside', zone((z) => z.free.push([0, 0, [2 ** 29]])), 'free'],
  ['zone-pageblocks', zone((z) => (z.pageblocks = [])), 'pageblocks'],
];

describe('a broken recording ends in 2 and is named, with what is wrong', () => {
  test.each(BROKEN)('%s', async (name, content, names) => {
    const file = saved(`${name}.json`, content);
    // A good file beside it: nothing is played before all are checked.
    expect(await runCli(['conform', golden('v7s/selftest.json'), file])).toBe(2);
    expect(err.join('\n')).toContain(`${name}.json`);
    expect(err.join('\n')).toContain(names);
    expect(out).toEqual([]);
  });
});

/** Arguments, and what the message must say. */
const WRONG: ReadonlyArray<readonly [readonly string[], string]> = [
  [['conform'], "missing required argument 'file'"],
  [['conform', '--fast', 'x.json'], "unknown option '--fast'"],
  [['conform', '-x'], "unknown option '-x'"],
  [['conform', ''], 'a file that can be read'],
  [['conform', '/nowhere/at/all.json'], 'ENOENT'],
  [['conform', dir], 'EISDIR'],
  [['conform', `${golden('mm/gfp.json')}/x`], 'ENOTDIR'],
  [['conform', golden('mm/README.md')], 'whole JSON'],
  [['conform', golden('mm/gfp.json'), 'missing.json'], 'missing.json'],
  [['conform', 'a\0b'], 'a file that can be read'],
  [['conform', 'x'.repeat(5000)], 'ENAMETOOLONG'],
  [['confrom', 'x.json'], "unknown command 'confrom'"],
  [['Conform', 'x.json'], "unknown command 'Conform'"],
  [['x.json'], "unknown command 'x.json'"],
  [['--conform', 'x.json'], "unknown option '--conform'"],
  [['--'], 'Usage: mm-check'],
  [['help', 'tea'], "unknown command 'tea'"],
];

describe('a wrong command line ends in 2 and says what is wrong', () => {
  test.each(WRONG)('%j', async (args, says) => {
    const code = await runCli(args);
    expect([...err, ...out].join('\n')).toContain(says);
    expect(code).toBe(2);
  });

  test('no arguments: the help, and 2', async () => {
    expect(await runCli([])).toBe(2);
    expect(err.join('')).toContain('Usage: mm-check');
  });
});

describe('asked for help', () => {
  test.each([['--help'], ['-h'], ['help'], ['help', 'conform'], ['conform', '--help']])(
    '%s %s',
    async (...args) => {
      expect(await runCli(args)).toBe(0);
      expect(out.join('')).toContain('Examples:');
      expect(out.join('')).toContain('130 interrupted');
    },
  );
});

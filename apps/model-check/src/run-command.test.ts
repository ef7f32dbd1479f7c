import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { runCli } from './run-cli.js';

const out: string[] = [];
const home = process.cwd();

beforeEach(() => {
  out.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line: string) => void out.push(String(line)));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void out.push(String(line)));
  process.chdir(mkdtempSync(join(tmpdir(), 'mm-check-')));
});
afterEach(() => {
  process.chdir(home);
  vi.restoreAllMocks();
});

describe('mm-check run', () => {
  test('finds the problem that the series is about, saves it, and writes JUnit', async () => {
    const run = [
      'run',
      '--system',
      'slub',
      '--preset',
      'arm64-2018',
      '--series',
      'none',
      '--runs',
      '2',
      '--workers',
      '1',
    ];
    expect(await runCli([...run, '--junit', 'report.xml'])).toBe(1);
    const text = out.join('\n');
    expect(text).toContain('objects of a cache made for DMA lie below 0x100000000');
    expect(text).toContain('createCache(device, 1024 bytes, alignment 1024)');
    const xml = readFileSync('report.xml', 'utf8');
    expect(xml).toContain('tests="1" failures="1"');
    expect(xml).toContain('GFP_KERNEL|__GFP_NOWARN');
    const file = /replay (\S+\.json)/u.exec(text)![1]!;
    expect(existsSync(file)).toBe(true);
    expect(await runCli(['replay', file, '--json', 'replay.json', '--html', 'replay.html'])).toBe(1);
    const replayed = JSON.parse(readFileSync('replay.json', 'utf8')) as Record<string, unknown>;
    expect(replayed).toMatchObject({
      schemaVersion: 1,
      of: 'slub',
      file,
      verdict: 'fails as recorded',
      failure: replayed['recorded'],
      left: null,
      nondeterministic: null,
      trace: { format: 'interleave-trace', tasks: ['#0 createCache', '#1 allocObjects'] },
    });
    expect(readFileSync('replay.html', 'utf8')).toContain('<title>slub: objects of a cache made for DMA');
    // What was found is played first when the same is asked for again, and not when something else is.
    out.length = 0;
    expect(await runCli([...run, '--json', 'again.json', '--junit', 'again.xml'])).toBe(1);
    expect(out[0]).toMatch(/^reproduce: mm-check replay /u);
    expect(out.join('\n')).toContain('saved counterexample still fails');
    expect(JSON.parse(readFileSync('again.json', 'utf8'))).toMatchObject({
      verdict: 'fails',
      lanes: [{ name: 'slub', end: 'not begun', units: 0 }],
      saved: [{ file, message: replayed['recorded'] }],
    });
    expect(readFileSync('again.xml', 'utf8')).toContain('tests="2" failures="1" skipped="1"');
    expect(readFileSync('again.xml', 'utf8')).toContain(`saved: ${file}`);
    out.length = 0;
    expect(await runCli(['merge', 'again.json'])).toBe(1);
    expect(out.join('\n')).toContain(`${file} still fails: ${String(replayed['recorded'])}`);
    // With --all it is played first too, and the search goes on.
    out.length = 0;
    expect(await runCli([...run, '--all'])).toBe(1);
    expect(out.join('\n')).toMatch(/still fails[^]*slub, ran of enabled/u);
    const holds = ['--system', 'slub', '--preset', 'arm64-2018', '--runs', '2', '--workers', '1'];
    expect(await runCli(['run', ...holds])).toBe(0);
  });

  test('--all goes on and lists distinct failures', async () => {
    const args = ['run', '--system', 'v7s', '--preset', 'arm64-2018', '--behaviour', 'linux-6.1', '--all'];
    expect(
      await runCli([...args, '--commands', '40', '--runs', '40', '--time', '20s', '--workers', '1']),
    ).toBe(1);
    const reproduced = out.filter((line) => line.startsWith('reproduce:'));
    expect(reproduced.length).toBeGreaterThanOrEqual(4);
    expect(new Set(reproduced.map((line) => line.split('\n')[1]!.split(':')[0])).size).toBe(
      reproduced.length,
    );
  }, 180_000);

  test.each(['--faults', '--failslab'])('%s: nothing is lost where allocations fail', async (option) => {
    const args = [
      'run',
      '--system',
      'slub,slab,buddy,v7s',
      option,
      '4,100,0,-1',
      '--commands',
      '200',
      '--runs',
      '4',
    ];
    expect(await runCli([...args, '--time', '20s', '--workers', '1'])).toBe(0);
    expect(out.join('\n')).toContain('holds');
  });

  test.each(['--faults', '--failslab'])('%s: also where files are read and written', async (option) => {
    const args = ['run', '--system', 'sysfs,zones', option, '4,100,0,-1', '--commands', '200', '--runs', '4'];
    expect(await runCli([...args, '--time', '20s', '--workers', '1'])).toBe(0);
    expect(out.join('\n')).toContain(`${option.slice(2)} 4,100,0,-1 but for zones`);
  });

  test('--corrupt: every program writes into free objects, --no-corrupt: none, neither: one in four', async () => {
    const wrote = async (...flags: string[]): Promise<number> => {
      out.length = 0;
      const args = ['run', '--system', 'slub,slab', '--seed', '14', '--runs', '2', '--commands', '600'];
      expect(await runCli([...args, '--time', '20s', '--workers', '1', ...flags])).toBe(0);
      return out.join('\n').match(/writeToFree [1-9]/gu)?.length ?? 0;
    };
    expect([await wrote('--corrupt'), await wrote('--no-corrupt'), await wrote()]).toEqual([2, 0, 2]);
    expect(out.join('\n')).not.toContain('never enabled');
  });

  test.each([
    [['--system', 'slob'], '--system: expected one of zones, buddy, slub, slab, sysfs, v7s, got "slob"'],
    [['--seed', '-1'], '--seed: expected an integer of 0 to 2147483647, got "-1"'],
    [['--time', 'soon'], '--time: expected a time like 500ms, 30s, 5m or 1h, got "soon"'],
    [['--cpus', '0'], '--cpus: expected an integer of 1 to 64, got "0"'],
    [['--series', 'v3'], '--series: expected one of 4.15, none, v4, merged, got "v3"'],
    [['--preset', 'vax'], '--preset: expected one of'],
    [['--behaviour', 'wild'], '--behaviour: expected one of corrected, linux-6.1, got "wild"'],
    [['--tables', 'air'], '--tables: expected one of slab, page, page-frag, genalloc, got "air"'],
    [
      ['--faults', 'often'],
      '--faults: expected interval,probability,space,times, such as 10,100,0,-1, got "often"',
    ],
    [['--corrupt', '--system', 'buddy'], '--corrupt: expected a --system of slub, slab, got "buddy"'],
    [['--no-corrupt', '--system', 'v7s'], '--no-corrupt: expected a --system of slub, slab, got "v7s"'],
    [
      ['--failslab', '1,1,0,1', '--system', 'zones,buddy'],
      '--failslab: expected a --system of slub, slab, sysfs, v7s',
    ],
    [
      ['--failslab', '1,1,0,1', '--system', 'v7s', '--tables', 'page'],
      '--failslab: expected a --system of slub, slab, sysfs, got "v7s"',
    ],
    [
      ['--faults', '1,1,0,1', '--system', 'zones'],
      '--faults: expected a --system of buddy, slub, slab, sysfs',
    ],
    [['--faults', '2147483648,100,0,-1'], 'interval: expected an integer of 0 to 2147483647, got 2147483648'],
    [['--failslab', '1,200,0,-1'], 'probability: expected an integer of 0 to 100, got 200'],
    [['--failslab', '1,2,3'], '--failslab: expected interval,probability,space,times'],
    [['--runs', '1.5'], '--runs: expected an integer'],
    [['--commands', ''], '--commands: expected an integer'],
  ])('wrong use %j ends in 2 and is named', async (args, message) => {
    expect(await runCli(['run', ...args])).toBe(2);
    expect(out.join('\n')).toContain(message);
  });
});

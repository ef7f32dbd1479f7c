import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

import { isBuilt, startCli } from '../built-cli.js';

const dir = mkdtempSync(join(tmpdir(), 'mm-campaign-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** 96 runs of 100 commands of each system: five units of 20 runs. */
const SEARCH = ['run', '--system', 'slub,buddy', '--commands', '100', '--runs', '96', '--time', '10m'];

const mm = (...args: string[]): ReturnType<typeof startCli>['ended'] => startCli(args, dir).ended;

/** The same, a quarter of it. */
const shard = (i: number): string[] =>
  SEARCH.concat('--workers', '1', '--shard', `${i}/4`, '--checkpoint', `${i}.jsonl`, '--resume').concat(
    '--json',
    `${i}.json`,
  );

/** What a report counts, without what depends on the clock and on where units were done. */
function totals(file: string): unknown {
  const report = JSON.parse(readFileSync(join(dir, file), 'utf8'));
  expect(report.schemaVersion).toBe(2);
  return report.lanes.map(({ name, end, units, result }: Record<string, any>) => ({
    name,
    end,
    units,
    broken: result.broken,
    sequence: result.sequence.counts,
    interleaved: result.interleaved.counts,
  }));
}

describe.skipIf(!isBuilt)('campaigns of threads and processes', () => {
  test('any number of threads counts the same', async () => {
    const one = await mm(...SEARCH, '--workers', '1', '--json', 'one.json');
    expect(one.code).toBe(0);
    expect(one.out).toContain('holds: seeds from 1');
    expect((await mm(...SEARCH, '--workers', '3', '--json', 'three.json')).code).toBe(0);
    expect(totals('three.json')).toEqual(totals('one.json'));
  });

  test('four shards as processes, one of them killed and resumed, merge to what one process counts', async () => {
    const killed = startCli(shard(1), dir);
    // Killed as soon as a unit is noted; a shard has two or three units of each system.
    const watch = setInterval(() => {
      const file = join(dir, '1.jsonl');
      if (existsSync(file) && readFileSync(file, 'utf8').includes('"k":0')) killed.child.kill('SIGKILL');
    }, 1);
    const others = Promise.all([2, 3, 4].map((i) => mm(...shard(i))));
    expect((await killed.ended).signal).toBe('SIGKILL');
    clearInterval(watch);
    expect((await others).map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(existsSync(join(dir, '1.json'))).toBe(false);

    const early = await mm('merge', '1.jsonl', '2.json', '3.json', '4.json');
    expect(early.code).toBe(2);
    expect(early.err).toContain('1.jsonl: expected a shard that came to its end, or --partial');
    expect((await mm('merge', '2.json', '3.json', '4.json')).err).toContain('none of 1');

    const before = readFileSync(join(dir, '1.jsonl'), 'utf8');
    // A line that was being written when the process died.
    writeFileSync(join(dir, '1.jsonl'), `${before}{"lane":"slub","k":1,"spent`);
    expect((await mm(...shard(1))).code).toBe(0);
    const merged = await mm('merge', '1.json', '2.json', '3.json', '4.json', '--json', 'all.json');
    expect(merged.code).toBe(0);
    expect(merged.out).toContain('holds: 4 of 4 shards');
    expect(totals('all.json')).toEqual(totals('one.json'));
  }, 240_000);

  test('a checkpoint is gone on from only when asked, and only by the same campaign', async () => {
    const again = await mm(...SEARCH, '--checkpoint', '2.jsonl');
    expect(again.code).toBe(2);
    expect(again.err).toContain('--checkpoint: expected a file that is not there yet, or --resume');
    const other = await mm(...SEARCH, '--seed', '9', '--shard', '2/4', '--checkpoint', '2.jsonl', '--resume');
    expect(other.code).toBe(2);
    expect(other.err).toContain('2.jsonl: options: expected that of this campaign');
  });

  test('the first failure is the same whatever the number of threads, and ends the campaign', async () => {
    const failing = [
      'run',
      '--system',
      'slub',
      '--preset',
      'arm64-2018',
      '--series',
      'none',
      '--commands',
      '100',
    ];
    const shown = async (workers: string): Promise<string[]> => {
      const { code, out } = await mm(...failing, '--workers', workers, '--save', `found-${workers}`);
      expect(code).toBe(1);
      expect(out).toMatch(
        /^reproduce: mm-check replay found-\d\/slub-\S+\.json {2}# or: mm-check run --system slub --seed \d+/u,
      );
      return out.split('\n').slice(1, 6);
    };
    expect(await shown('3')).toEqual(await shown('1'));
  });

  test('Ctrl-C ends a search by threads with 130 and prints what there is', async () => {
    const { child, ended } = startCli(
      ['run', '--system', 'buddy', '--workers', '2', '--checkpoint', 'c.jsonl'],
      dir,
    );
    const watch = setInterval(() => {
      if (existsSync(join(dir, 'c.jsonl')) && readFileSync(join(dir, 'c.jsonl'), 'utf8').includes('"k":0')) {
        clearInterval(watch);
        child.kill('SIGINT');
      }
    }, 5);
    const { code, out } = await ended;
    expect(code).toBe(130);
    expect(out).toContain('interrupted');
    expect(out).toMatch(/buddy +│ +\d+/u);
  });
});

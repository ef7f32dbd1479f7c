import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import type { Mismatch } from './mismatch.js';
import { checkCases, playCase } from './player.js';
import { PLAYERS, playerFor } from './players.js';
import { readRecording } from './read-recording.js';

const GOLDEN = new URL('../../../golden/', import.meta.url);
const golden = (name: string): string => readFileSync(new URL(name, GOLDEN), 'utf8');
const OURS = readdirSync(new URL('ours/', GOLDEN)).filter((name) => name.endsWith('.json'));

function mismatchesOf(text: string, name: string): Array<Mismatch & { index: number }> {
  const recording = readRecording(text, name);
  const player = playerFor(recording.kind, name);
  checkCases(player, recording, name);
  return recording.cases.flatMap((_, index) => {
    const result = playCase(player, recording, index);
    return result.verdict === 'differs' ? [{ index, ...result.mismatch }] : [];
  });
}

describe('a whole recording', () => {
  test.each([
    'mm/gfp.json',
    'mm/zones-arch.json',
    'mm/genalloc.json',
    'mm/page-frag.json',
    'v7s/selftest.json',
    'v7s/config.json',
    ...OURS.map((name) => `ours/${name}`),
  ])('%s plays without mismatch', (name) => {
    expect(mismatchesOf(golden(name), name)).toEqual([]);
  });

  test('a changed expectation is found and named', () => {
    const recording = JSON.parse(golden('mm/genalloc.json'));
    const op = recording.cases[3].ops[0];
    op[op.length - 1] = 77;
    const mismatches = mismatchesOf(JSON.stringify(recording), 'x.json');
    expect(mismatches).toMatchObject([{ index: 3, expected: 77 }]);
    expect(mismatches[0]!.path).toContain('ops[0]');
  });

  test('a kind has one player', () => {
    const kinds = PLAYERS.map((player) => player.kind);
    expect(new Set(kinds).size).toBe(kinds.length);
  });
});

const ok = {
  format: 'mm-golden/1',
  kind: 'genalloc',
  source: { kernel: '6.1' },
  cases: [{ min_alloc_order: 0, ops: [] }],
};

/** A recording of debugging in which a step has this log. */
function debugWithLog(dmesg: readonly unknown[]): string {
  const recording = JSON.parse(golden('mm/debug.json'));
  const [first] = recording.cases;
  first.steps[1].at(-1).dmesg = dmesg;
  return JSON.stringify({ ...recording, cases: [first] });
}

describe('a broken file is refused by name', () => {
  test.each([
    ['nothing', '', 'bad.json'],
    ['cut short', golden('mm/gfp.json').slice(0, 5000), 'bad.json: expected a whole JSON object'],
    ['an array', '[]', 'bad.json'],
    ['another format', JSON.stringify({ ...ok, format: 'mm-golden/2' }), 'bad.json.format'],
    ['no kind', JSON.stringify({ ...ok, kind: undefined }), 'bad.json.kind'],
    ['an unknown kind', JSON.stringify({ ...ok, kind: 'tea' }), 'bad.json.kind: expected one of buddy-trace'],
    ['no cases', JSON.stringify({ ...ok, cases: [] }), 'bad.json.cases'],
    ['a case of another shape', JSON.stringify({ ...ok, cases: [{ ops: 7 }] }), 'cases[0].min_alloc_order'],
    ['a case that is no object', JSON.stringify({ ...ok, cases: [3] }), 'bad.json.cases.0'],
    [
      'a line of a log that is no text',
      debugWithLog([null]),
      'cases[0].steps.1.3.dmesg.0: expected string, got null',
    ],
  ])('%s', (_, text, message) => {
    expect(() => mismatchesOf(text, 'bad.json')).toThrow(message);
  });
});

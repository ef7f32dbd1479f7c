import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { checkCases } from './player.js';
import { playerFor } from './players.js';
import { readRecording } from './read-recording.js';

const RECORDING = new URL('../../../golden/v7s/small-ias.json', import.meta.url);
const recorded = readRecording(readFileSync(RECORDING, 'utf8'), 'small-ias.json');

/** The error for the first case after an edit of it. */
function refusal(edit: (recordedCase: any) => void): string {
  const cases = structuredClone(recorded.cases.slice(0, 1));
  edit(cases[0]);
  try {
    checkCases(playerFor('v7s-trace', 'f'), { ...recorded, cases }, 'f');
  } catch (error) {
    return (error as Error).message;
  }
  return 'taken';
}
const ofMap = (edit: (op: any) => void): string =>
  refusal((one) => edit(one.ops.find(({ op }: { op: string }) => op === 'map')));

test.each<[what: string, refused: string, says: RegExp]>([
  [
    'an address that is none',
    ofMap((op) => (op.iova = '0xg')),
    /iova: expected a hexadecimal number of 64 bits/u,
  ],
  [
    'an address of 68 bits',
    ofMap((op) => (op.pa = `0x${'f'.repeat(17)}`)),
    /pa: expected a hexadecimal number/u,
  ],
  ['an address in decimal', ofMap((op) => (op.pa = '4096')), /pa: expected a hexadecimal number/u],
  ['more pages than there are', ofMap((op) => (op.count = 2 ** 31)), /count: expected a number <= 4194304/u],
  ['flags that are none', ofMap((op) => (op.gfp = 'user')), /gfp: expected/u],
  ['no answer', ofMap((op) => delete op.ret), /ret: expected/u],
  ['half a flush', ofMap((op) => (op.flush = [['walk', '0x1']])), /flush\.0/u],
  ['an unknown operation', ofMap((op) => (op.op = 'remap')), /expected a known operation/u],
  [
    'a run without an end',
    refusal((one) => (one.final.l1 = [[13, '0x83331c02', '0x83331c02', '0x1000']])),
    /final\.l1\.0\.?2?/u,
  ],
  ['a run of three', refusal((one) => (one.final.l1 = [[13, '0x2', 16]])), /final\.l1\.0/u],
  ['a run that is too long', refusal((one) => (one.final.l1 = [[0, '0x2', 1e9, '0x0']])), /final\.l1\.0/u],
  ['a slot that is none', refusal((one) => (one.final.l1 = [[1e9, '0x2']])), /final\.l1\.0/u],
])('%s is refused by name', (_, refused, says) => {
  expect(refused).toMatch(says);
});

test('the recordings are taken', () => {
  expect(refusal(() => {})).toBe('taken');
});

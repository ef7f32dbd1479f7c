import { readFileSync } from 'node:fs';

import { snapshotAllocator } from '@mm/buddy';
import * as golden from '@mm/golden';

import { digest } from './digest.js';
import { tryWrongValues } from './try-wrong-values.js';

const { machineFromState, playerFor, readRecording } = golden;

const GFP = readFileSync(new URL('../../../golden/mm/gfp.json', import.meta.url), 'utf8');

const V7S = readRecording(
  readFileSync(new URL('../../../golden/v7s/edge.json', import.meta.url), 'utf8'),
  'v7s',
);

/** A zone of 16 pageblocks with one free block of order 9. */
const STATE = {
  Normal: {
    zone: {
      name: 'Normal',
      start_pfn: 0,
      spanned: 8192,
      present: 8192,
      managed: 8000,
      wmark: [10, 20, 30, 40],
      boost: 0,
      highatomic: 0,
      lowmem_reserve: [0, 0],
      pcp_high: 0,
      pcp_batch: 1,
      nr_free: 512,
      flags: 0,
      pcp: [{ count: 0, high: 0, batch: 1, free_factor: 0, stat_threshold: 4, free_diff: 0 }],
    },
    free: [[9, 1, [1024]]],
    pcp_lists: [],
    pcp_odd: [],
    pageblocks: [[1, 16]],
  },
};
const OPTIONS = { zonelist: ['Normal'], zoneNames: ['Normal', 'Movable'], pageblockOrder: 9 } as const;

const makeWorld = () => ({
  machine: machineFromState(STATE, OPTIONS),
  recording: readRecording(GFP, 'gfp.json'),
  player: playerFor('gfp', 'gfp.json'),
  v7s: { ...(V7S.cases[0] as unknown as golden.V7sCase), ops: [] },
});

const TEXT = ["''", "'x'"];
const ZONEINFO = `Node 0, zone   Normal
  pages free     10
        min      1
        low      2
        high     3
        spanned  64
        present  64
        managed  60
        protection: (0, 0)
`;

tryWrongValues('@mm/golden', {
  face: golden,
  makeWorld,
  stateOf: ({ machine }) => digest(...snapshotAllocator(machine.pages).arrays, machine.frames.flags),
  rows: {
    firstDifference: { args: () => ['path', 1, 1], accepts: { 0: TEXT, 1: 'any', 2: 'any' } },
    checkBuddyState: { args: () => [STATE, 9, 'state'], accepts: { 2: ['undefined', ...TEXT] } },
    loadState: {
      args: ({ machine }) => [machine.pages, STATE, 'state'],
      accepts: { 2: ['undefined', ...TEXT] },
    },
    machineFromState: {
      args: () => [STATE, OPTIONS],
      fields: {
        1: {
          zonelist: ['[]'],
          zoneNames: [],
          pageblockOrder: [],
          name: ['undefined', ...TEXT],
          strict: ['undefined', 'true'],
        },
      },
    },
    playCase: {
      args: ({ player, recording }) => [player, recording, 0], // What a case throws while it is played is a difference.
      fields: { 1: { cases: ['[null]'] } },
    },
    playV7sCase: {
      args: ({ v7s }) => [v7s, () => {}],
      accepts: { 1: ['undefined', 'function'] },
      fields: { 0: { cfg: [], ops: ['[]'] } },
    },
    checkCases: {
      args: ({ player, recording }) => [player, recording, 'gfp.json'],
      accepts: { 2: TEXT },
      fields: { 1: { cases: ['[]'] } },
    },
    byColumns: { args: () => [['a'], [1], 'field'], accepts: { 1: ['[null]'], 2: TEXT, 0: ['[null]'] } },
    playerFor: { args: () => ['gfp', 'gfp.json'], accepts: { 1: TEXT } },
    readRecording: { args: () => [GFP, 'gfp.json'], accepts: { 1: TEXT } },
    parseZoneinfo: { args: () => [ZONEINFO] },
  },
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { cacheZonesCase, playCacheZones } from './cache-zones.js';
import { readRecording } from './read-recording.js';

const file = new URL('../../../golden/mm/gfp.json', import.meta.url);
const { cases } = readRecording(readFileSync(file, 'utf8'), 'gfp.json');

/** The case in which memory runs short, up to and with step `last`. */
function shortage(last: number) {
  const found = cases.map((one) => cacheZonesCase.safeParse(one)).find(({ data }) => data?.mem === '6G');
  const { steps, ...rest } = structuredClone(found!.data!);
  return { ...rest, steps: steps.slice(0, last + 1) };
}

test('a slab more or less from the last zone is noticed, although how much the first one gave is told by the step', () => {
  const recorded = shortage(220);
  expect(playCacheZones(recorded)).toBeNull();
  const step = recorded.steps[220]!;
  if (step.op !== 'cache_alloc') throw new Error('not the step meant');
  step.zones['DMA']! -= 8;
  step.ok -= 8;
  expect(playCacheZones(recorded)).toMatchObject({ expected: 6856, actual: 6864 });
});

test('a slab less from the first zone is noticed: watermarks are boosted by whole pageblocks', () => {
  const recorded = shortage(220);
  const step = recorded.steps[220]!;
  if (step.op !== 'cache_alloc') throw new Error('not the step meant');
  step.zones['DMA32']! -= 8;
  step.ok -= 8;
  expect(playCacheZones(recorded)).toMatchObject({ expected: 6856, actual: 6864 });
});

test('a slab that a cache kept from another zone is noticed later', () => {
  const recorded = shortage(229);
  const step = recorded.steps[229]!;
  if (step.op !== 'cache_alloc') throw new Error('not the step meant');
  step.zones['DMA']! += 8;
  step.zones['DMA32']! -= 8;
  expect(playCacheZones(recorded)).toMatchObject({ path: 'steps[229] cache_alloc.zones.DMA' });
});

test('a boost that forbids the next allocation at once explains a count, but not one beside where an earlier boost ends', () => {
  const late = new URL('../../../golden/ours/gfp-late-boosts.json', import.meta.url);
  const recorded = cacheZonesCase.parse(readRecording(readFileSync(late, 'utf8'), 'gfp.json').cases[0]);
  const steps = recorded.steps.slice(0, 221);
  const step = steps[220]!;
  if (step.op !== 'cache_alloc') throw new Error('not the step meant');
  expect(playCacheZones({ ...recorded, steps })).toBeNull();
  // The zone refused 108 pages above its watermark. After 10 more slabs of 8 pages it is within a refill of 63 pages of it.
  const more = (count: number) => ({
    ...step,
    ok: step.ok + count,
    zones: { ...step.zones, DMA32: step.zones['DMA32']! + count },
  });
  expect(playCacheZones({ ...recorded, steps: steps.with(220, more(10 * 32)) })).not.toBeNull();
});

import { readFileSync } from 'node:fs';
import { kmallocClasses, slabArchOf } from '@mm/kmem';
import { SLUB_BOOT_DEFAULTS, slubGeometry } from '@mm/slub';
import { parseSlabinfo } from '@mm/sysfs';
import { expect, test } from 'vitest';

import { readRecording } from './read-recording.js';
import { parseZoneinfo } from './zoneinfo-text.js';
import { presetOf, zonesArchCase } from './zones-arch.js';

const file = new URL('../../../golden/mm/zones-arch.json', import.meta.url);
const recording = readRecording(readFileSync(file, 'utf8'), 'zones-arch.json');

const cases = recording.cases.map((one) => {
  const { name, text } = zonesArchCase.parse(one);
  return {
    name,
    arch: slabArchOf(presetOf(text.uname)),
    cpus: Math.max(...parseZoneinfo(text.zoneinfo).map(({ pcp }) => pcp.length)),
    lines: String(text['slabinfo'])
      .split('\n')
      .flatMap((line) => parseSlabinfo(line) ?? []),
  };
});

// Sizes in /proc/slabinfo are those with all metadata. How many objects are in use is a sample of a running system.
test.each(cases)(
  'slabs of all caches of $name have the order that is printed there',
  ({ arch, cpus, lines }) => {
    const ours = lines.map(({ name, size }) => {
      const request = { name, size, align: 1, flags: 0, useroffset: 0, usersize: 0, ctor: null, refcount: 1 };
      const { objects, order } = slubGeometry({ arch, boot: SLUB_BOOT_DEFAULTS, cpus }, request)!;
      return { name, objectsPerSlab: objects, pagesPerSlab: 2 ** order };
    });
    expect(lines).toMatchObject(ours);
    expect(lines.length).toBeGreaterThan(100);
  },
);

test.each(cases)('$name has the caches of kmalloc that its architecture makes', ({ arch, lines }) => {
  // Those that are charged to a memory cgroup (kmalloc-cg-*) are outside.
  const theirs = lines.filter(({ name }) => /^(?:dma-kmalloc|kmalloc|kmalloc-rcl)-\d+k?$/u.test(name));
  const ours = kmallocClasses(arch, true);
  expect(theirs.map(({ name, size }) => `${name} ${size}`).sort()).toEqual(
    ours.map(({ name, size }) => `${name} ${size}`).sort(),
  );
});

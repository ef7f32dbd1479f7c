import { PageFrames } from '@mm/memory';
import { expect, test } from 'vitest';

import { anyFlags, anyTailFlags } from './page-checks.js';

const frames = new PageFrames([{ startPfn: 0, endPfn: 4096 }]);
const base = frames.slotOf(1024);

test.each([0, 1, 2, 3, 4, 5])(
  'from frame %i on, a flag of any frame up to the end shows, and none beyond',
  (from) => {
    for (let count = 1; count <= 40; count++)
      for (let at = 0; at < from + count + 2; at++) {
        frames.flags[base + at] = 1 << (at % 28);
        const seen = anyFlags(frames, base + from, base + from + count);
        frames.flags[base + at] = 0;
        expect(seen, `flag of ${at}, frames ${from} to ${from + count}`).toBe(
          at >= from && at < from + count,
        );
      }
  },
);

test.each([1, 2, 3])('of a block of order %i, all frames but the first are looked at', (order) => {
  const size = 1 << order;
  for (let at = 0; at < 16; at++)
    for (const bit of [0, 15, 24, 27]) {
      frames.flags[base + at] = 1 << bit;
      const seen = anyTailFlags(frames, base, order);
      frames.flags[base + at] = 0;
      expect(seen, `flag of frame ${at}`).toBe(at > 0 && at < size);
    }
});

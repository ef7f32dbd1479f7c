import { Context } from '@mm/steps';
import { expect, test } from 'vitest';

import { smallMachine } from '../test/small-machine.js';
import { allocPages } from './index.js';

test('a failure is warned of ten times at most, and not with __GFP_NOWARN', () => {
  const pages = smallMachine();
  const ctx = new Context();
  while (allocPages(ctx, pages, 0xcc0 | 0x2000, 10) !== null);
  expect(pages.log.dmesg()).toEqual([]);
  for (let i = 0; i < 20; i++) expect(allocPages(ctx, pages, 0xcc0, 10)).toBeNull();
  expect(pages.log.dmesg()).toHaveLength(10);
  expect(pages.log.dmesg()[0]).toContain('page allocation failure: order:10, mode:0xcc0(GFP_KERNEL)');
});

import { ARENA_CHECKS } from './arena-checks.js';
import { BUDDY_CHECKS } from './buddy-checks.js';
import { CACHE_CHECKS } from './cache-checks.js';
import type { Check } from './check.js';
import { MASK_CHECKS } from './mask-checks.js';
import { V7S_CHECKS } from './v7s-checks.js';

/** Checks that hunts name. */
export const CHECKS: Readonly<Record<string, Check>> = {
  ...BUDDY_CHECKS,
  ...CACHE_CHECKS,
  ...MASK_CHECKS,
  ...V7S_CHECKS,
  ...ARENA_CHECKS,
};

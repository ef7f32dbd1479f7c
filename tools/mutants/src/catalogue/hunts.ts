import type { WorldOptions } from '@mm/model';

import type { Edit } from '../mutant.js';
import type { CheckHunt, ProgramHunt, ScenarioHunt } from '../hunt/hunt.js';

/** Random programs, on three CPUs unless `world` says otherwise. */
export const programs = (
  system: ProgramHunt['system'],
  world: WorldOptions = {},
  only?: ProgramHunt['only'],
): ProgramHunt => ({
  by: 'program',
  system,
  world: { cpus: 3, ...world },
  ...(only === undefined ? {} : { only }),
});

/** A check of `hunt/checks.ts`. */
export const check = (name: string): CheckHunt => ({ by: 'check', name });

/** A scenario of `hunt/scenarios.ts`. */
export const scenario = (name: string): ScenarioHunt => ({ by: 'scenario', name });

/** A change of Linux. */
export const commit = (hash: string): string => `https://git.kernel.org/linus/${hash}`;

/** The patch series of November and December 2018, by its cover letter's subject. */
export const SERIES_LINK =
  'https://lore.kernel.org/linux-mm/?q=io-pgtable-arm-v7s+Use+DMA32+zone+for+page+tables';

export const AGREE = 'the structures of the slab allocator agree with each other';
export const TWO_OWNERS = 'no object has two owners';
export const MISCOUNT = 'objects in use = objects handed out';
export const CRASH = 'no crash';
export const BUG = 'no kernel bug';

/** An edit of a file of a package: `buddy/stepped/drain` is packages/buddy/src/stepped/drain.ts. */
export function edit(module: string, find: string, replace: string): Edit {
  const [dir, ...rest] = module.split('/');
  return { file: `packages/${dir}/src/${rest.join('/')}.ts`, find, replace };
}

export const LISTS = 'the structures of the page allocator agree with each other';
export const PAGE_COUNT = 'free + per-cpu + held pages = managed';
export const COUNTERS = 'the free lists agree with their counters';
export const TYPESAFE = 'freed memory of a typesafe cache stays of its type until a grace period has passed';
export const OVERLAP = 'no live object overlaps another';
export const NOT_TWICE = 'no object is handed out twice';

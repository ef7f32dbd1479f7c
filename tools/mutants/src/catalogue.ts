import { OWN_BUDDY } from './catalogue/own-buddy.js';
import { OWN_MASKS } from './catalogue/own-masks.js';
import { OWN_RACES } from './catalogue/own-races.js';
import { OWN_SLAB } from './catalogue/own-slab.js';
import { OWN_SLUB } from './catalogue/own-slub.js';
import { OWN_V7S } from './catalogue/own-v7s.js';
import { SERIES_ARENAS } from './catalogue/series-arenas.js';
import { SERIES_BUDDY } from './catalogue/series-buddy.js';
import { SERIES_SLUB } from './catalogue/series-slub.js';
import { SERIES_V7S } from './catalogue/series-v7s.js';
import type { Mutant } from './mutant.js';

const number = ({ id }: Mutant): number => Number.parseInt(id, 10);

/** Those of the series' catalogue, by number. */
const SERIES = [...SERIES_SLUB, ...SERIES_BUDDY, ...SERIES_V7S, ...SERIES_ARENAS].sort(
  (one, other) => number(one) - number(other),
);

/** All mutants: those of the series' catalogue by number, then ours by name. */
export const MUTANTS: readonly Mutant[] = [
  ...SERIES,
  ...OWN_SLUB,
  ...OWN_SLAB,
  ...OWN_BUDDY,
  ...OWN_V7S,
  ...OWN_RACES,
  ...OWN_MASKS,
];

import { SERIES_ARENAS } from './catalogue/series-arenas.js';
import { SERIES_SLUB } from './catalogue/series-slub.js';
import type { Mutant } from './mutant.js';

/** All mutants: those of the series' catalogue by number, then ours by name. */
export const MUTANTS: readonly Mutant[] = [...SERIES_SLUB, ...SERIES_ARENAS];

export { MUTANTS } from './catalogue.js';
export { type SavedFinding, saveFinding } from './counterexamples.js';
export type { Failure, Finding, Hunt } from './hunt/hunt.js';
export { type HuntOptions, type Replayed, type Verdict, huntMutants, replayMutants } from './hunt-mutants.js';
export type { Edit, Mutant, MutantKind } from './mutant.js';

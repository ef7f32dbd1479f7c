export { MUTANTS } from './catalogue.js';
export { type SavedFinding, saveFinding, savedFinding } from './counterexamples.js';
export type { Failure, Finding, Hunt } from './hunt/hunt.js';
export { type HuntOptions, type Verdict, huntMutants, replayFinding } from './hunt-mutants.js';
export type { Edit, Mutant, MutantKind } from './mutant.js';

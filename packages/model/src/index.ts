export { type BuddyWorld, buddyWorld, checkBuddyLocal, checkBuddyWhole } from './buddy/buddy-world.js';
export { buddySubsystem } from './buddy/buddy-subsystem.js';
export { highestZone, type LiveBlock, type ModelZone, PageModel } from './buddy/page-model.js';
export { addCounts, type CommandCount, type Counts, newCounts } from './engine/counts.js';
export {
  COUNTEREXAMPLE_FORMAT,
  type Counterexample,
  type FoundBy,
  type PathLeft,
  type Replay,
  type SavedOp,
  counterexampleOf,
  exampleOf,
  replayCounterexample,
} from './engine/counterexample.js';
export { type Example, type ExampleRun, runExample } from './engine/example.js';
export { Worlds } from './engine/worlds.js';
export { type Failure, brokenInvariant } from './engine/failure.js';
export { parseCounterexample } from './engine/parse-counterexample.js';
export { randomProgram, worldOf } from './engine/program.js';
export { type RecordedRun, recordRun } from './engine/record-run.js';
export {
  type InterleavedOptions,
  type InterleavedRun,
  ROUND_COMMANDS,
  runInterleaved,
} from './engine/run-interleaved.js';
export { runSequence, WHOLE_EVERY } from './engine/run-sequence.js';
export { shrinkProgram } from './engine/shrink-program.js';
export { type FailingExample, type ShrinkWatch, shrinkExample } from './engine/shrink-example.js';
export { ModelViolation } from './model-violation.js';
export {
  type Answer,
  type Command,
  type Invariants,
  NOTHING_TO_DO,
  type Op,
  type Subsystem,
  type WorldOptions,
  TABLES_NAMES,
  FAULT_OPTIONS,
  type FaultOption,
  type TablesName,
} from './subsystem.js';
export { SUBSYSTEMS, subsystemOf } from './subsystems.js';
export { SizingModel } from './zones/sizing-model.js';
export { zonesSubsystem, type ZonesWorld } from './zones/zones-subsystem.js';
export {
  type Fault,
  type MemoryType,
  type ReadWord,
  type Translation,
  type WalkOptions,
  type WalkRegisters,
  type WalkResult,
  walk,
} from './v7s/walker.js';
export { type CacheUser, type LiveObject, ObjectModel } from './caches/object-model.js';
export { type OpenUser, type CacheWorld, cacheWorld } from './caches/cache-world.js';
export { RESTING_INVARIANTS, type RestingInvariant } from './caches/cache-invariants.js';
export { CacheWalks } from './caches/cache-walks.js';
export { slabSubsystem, slubSubsystem } from './caches/cache-subsystem.js';
export { v7sSubsystem } from './v7s/v7s-subsystem.js';
export { type V7sWorld, v7sWorld } from './v7s/v7s-world.js';
export {
  type NamedScenario,
  SCENARIOS,
  SMALL,
  type ScenarioSize,
  THREE_CPUS,
  TWO_EACH,
  scenarioNamed,
} from './scenarios/index.js';
export { sysfsSubsystem } from './sysfs/sysfs-subsystem.js';
export { type SysfsWorld, sysfsWorld } from './sysfs/sysfs-world.js';

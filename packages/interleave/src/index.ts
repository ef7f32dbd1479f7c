export type { InterleaverHooks, InterleaverOptions } from './interleaver-options.js';
export { Interleaver } from './interleaver.js';
export { Random } from './random.js';
export { ScheduleError, type ScheduleFault } from './schedule-error.js';
export { CPUS_MAX, type Choice, type Scheduler, choiceCpu, choiceOf, choiceTask } from './scheduler.js';
export { SeededScheduler, type SeededOptions } from './seeded-scheduler.js';
export { formatTrace } from './output/format-trace.js';
export { ReplayScheduler } from './replay-scheduler.js';
export {
  type Footprint,
  type Outcome,
  type RunOptions,
  type RunResult,
  type Scenario,
  type ScenarioRun,
  type ScenarioTask,
  runSchedule,
} from './run-schedule.js';
export { type Schedule, checkSchedule, scheduleSteps, scheduleSwitches } from './schedule.js';
export { type ShrinkOptions, shrinkReplay, shrinkSchedule } from './shrink-schedule.js';
export { explore } from './explore/explore.js';
export type { ExploreOptions, ExploreProgress, ExploreResult, Strategy } from './explore/options.js';
export { EXPLORE_STATE_VERSION, type ExploreState } from './explore/state.js';
export { InvariantError, type Monitor, AlwaysMonitor, SometimesMonitor } from './monitors.js';
export { FootprintMonitor } from './footprint/footprint-monitor.js';
export { LockOrderMonitor } from './lock-order.js';
export { DataRaceMonitor } from './data-races.js';
export { type PctGuarantee, type PctOptions, PctScheduler, pctGuarantee } from './pct-scheduler.js';
export { monitorsFor } from './watch.js';
export { type Call, History, type HistoryCells, claimHistory } from './linearizability/history.js';
export {
  LinearizabilityError,
  type Linearization,
  type SequentialModel,
  checkLinearizable,
  expectLinearizable,
} from './linearizability/check-linearizable.js';
export {
  type ProgramScenario,
  type ShrinkProgramOptions,
  type ShrunkProgram,
  scenarioOfProgram,
  shrinkProgramRun,
} from './program/program-scenario.js';
export {
  type ShrinkOperationsOptions,
  type ShrunkOperations,
  shrinkOperations,
  simplerIntegers,
} from './program/shrink-operations.js';
export { type PerfettoEvent, type PerfettoTrace, perfettoTrace } from './output/perfetto-trace.js';
export { SHIVIZ_PARSER, type ShivizOptions, shivizLog } from './output/shiviz-log.js';
export { type TraceHtmlOptions, traceHtml } from './output/trace-html.js';
export { TRACE_JSON_VERSION, type TraceJson, type TraceStep, traceJson } from './output/trace-json.js';
export {
  COUNTEREXAMPLE_VERSION,
  type Counterexample,
  type Replayed,
  parseCounterexample,
  replayCounterexample,
  saveCounterexample,
} from './saved/counterexample.js';

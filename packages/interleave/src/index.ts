export { Interleaver, type InterleaverHooks, type InterleaverOptions } from './interleaver.js';
export { Random } from './random.js';
export { ScheduleError, type ScheduleFault } from './schedule-error.js';
export { CPUS_MAX, type Choice, type Scheduler, choiceCpu, choiceOf, choiceTask } from './scheduler.js';
export { SeededScheduler, type SeededOptions } from './seeded-scheduler.js';

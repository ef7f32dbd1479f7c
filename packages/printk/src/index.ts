export {
  checkArray,
  checkBoolean,
  checkFlags,
  checkFunction,
  checkInstance,
  checkInteger,
  checkObject,
  checkText,
} from './check-value.js';
export { Errno, type ErrnoName } from './errno.js';
export { KernelBug, type BugFacts } from './kernel-bug.js';
export { KernelLog, type LogImage, LogLevel, type LogLine } from './kernel-log.js';
export { OptionError } from './option-error.js';
export type { Taint } from './taint.js';

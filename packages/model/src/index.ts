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

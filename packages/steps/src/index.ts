export * from './access.js';
export { CellSpace, type Compound } from './cell-space.js';
export { Context, type SpawnedTask } from './context.js';
export { eachCpu } from './each-cpu.js';
export { runToEnd } from './run-to-end.js';

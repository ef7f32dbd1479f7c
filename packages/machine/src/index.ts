export { createMachine } from './create-machine.js';
export { type CpuView, Machine, type MachineParts } from './machine.js';
export { type MachineOptions, SERIES } from './options.js';
export { parseSize } from './parse-size.js';
export type { Series } from '@mm/kmem';

export { createMachine } from './create-machine.js';
export { type CpuView, Machine, type MachineParts } from './machine.js';
export { type MachineOptions, SERIES, type Series } from './options.js';
export { parseSize } from './parse-size.js';

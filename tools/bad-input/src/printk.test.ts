import * as printk from '@mm/printk';

import { HOT } from './row.js';
import { tryWrongValues } from './try-wrong-values.js';

const { KernelLog } = printk;

tryWrongValues('@mm/printk', {
  face: printk,
  makeWorld: () => new KernelLog(),
  stateOf: (log) => [log.lines, log.taintText],
  rows: {
    'new KernelBug': HOT.error,
    'new OptionError': HOT.error,
    checkArray: {
      args: () => ['field', [1], 'numbers'],
      accepts: { 0: 'any', 1: ['[]', '[null]'], 2: 'any' },
    },
    checkBoolean: { args: () => ['field', false], accepts: { 0: 'any', 1: ['true'] } },
    checkFlags: { args: () => ['field', 1], accepts: { 0: 'any', 1: ['-1'] } },
    checkFunction: { args: () => ['field', Number], accepts: { 0: 'any', 1: ['function'] } },
    checkInstance: { args: (log) => ['log', log, KernelLog], accepts: { 0: 'any', 2: 'any' } },
    checkInteger: { args: () => ['field', 1, 0, 7], accepts: { 0: 'any', 2: 'any', 3: 'any' } },
    checkObject: { args: () => ['field', {}, 'an object'], accepts: { 0: 'any', 1: ['{}'], 2: 'any' } },
    checkText: { args: () => ['field', 'text'], accepts: { 0: 'any', 1: ["''", "'x'"] } },
    'KernelLog.write': {
      args: () => [4, 'text'],
      call: (log, [level, text]) => log.write(level!, text!),
      accepts: { 1: ["''", "'x'"] },
    },
    'KernelLog.restore': { args: (log) => [log.snapshot()], call: (log, [image]) => log.restore(image!) },
    'KernelLog.taint': { args: () => ['B'], call: (log, [what]) => log.taint(what!) },
    'KernelLog.warn': {
      args: () => ['mm/slub.c:1 f', 'text'],
      call: (log, [place, what]) => log.warn(place!, what),
      accepts: { 0: ["''", "'x'"], 1: ['undefined', "''", "'x'"] },
    },
  },
});

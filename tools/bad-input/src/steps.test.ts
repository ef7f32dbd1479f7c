import * as steps from '@mm/steps';
import * as stepped from '@mm/steps/stepped';

import { HOT, type Rows } from './row.js';
import { tryWrongValues } from './try-wrong-values.js';

const { CellSpace, Context } = steps;

function* nothing(): steps.Steps<void> {}

interface World {
  readonly cells: steps.CellSpace;
  readonly cell: number;
}

const makeWorld = (): World => {
  const cells = new CellSpace();
  return { cells, cell: cells.claim('x', 2) };
};

const rows: Rows<World> = {
  read: HOT.access,
  write: HOT.access,
  rmw: HOT.access,
  lock: HOT.access,
  unlock: HOT.access,
  tryLock: HOT.access,
  compound: HOT.access,
  cpuDown: HOT.access,
  cpuUp: HOT.access,
  accessKind: HOT.access,
  accessCell: HOT.access,
  raced: HOT.access,
  'new Context': { args: () => [1], accepts: { 0: ['undefined'] } },
  runToEnd: { args: () => [new Context(0), nothing()] },
  'CellSpace.claim': {
    args: () => ['x', 1],
    call: ({ cells }, [name, count]) => cells.claim(name!, count),
    accepts: { 0: ["''", "'x'"], 1: ['undefined'] },
  },
  'CellSpace.claimMutex': {
    args: () => ['x', 1],
    call: ({ cells }, [name, count]) => cells.claimMutex(name!, count),
    accepts: { 0: ["''", "'x'"], 1: ['undefined'] },
  },
  'CellSpace.isMutex': HOT.access,
  'CellSpace.claimCompound': {
    args: ({ cell }) => ['x', { reads: [cell], writes: [cell + 1] }],
    call: ({ cells }, [name, touched]) => cells.claimCompound(name!, touched!),
    accepts: { 0: ["''", "'x'"] },
    fields: { 1: { reads: ['[]'], writes: ['[]'] } },
  },
  'CellSpace.describe': {
    args: ({ cell }) => [cell],
    call: ({ cells }, [cell]) => cells.describe(cell!),
    accepts: { 0: ['NaN', '-1', '1.5', '2^53'] },
  },
};

tryWrongValues('@mm/steps', {
  face: steps,
  makeWorld,
  stateOf: ({ cells }) => [cells.end, cells.describe(1)],
  rows: {
    ...rows,
    // Erased, nothing is asked of the context.
    eachCpu: {
      args: () => [new Context(0), [0, 1], () => {}],
      accepts: { 0: 'any', 1: ['[]'], 2: ['function'] },
    },
  },
});

tryWrongValues('@mm/steps/stepped', {
  face: stepped,
  makeWorld,
  stateOf: ({ cells }) => [cells.end, cells.describe(1)],
  rows: {
    ...rows,
    eachCpu: {
      args: () => [new Context(0), [0, 1], nothing],
      call: (_, args) => (stepped.eachCpu as (...all: never[]) => Generator)(...args).next(),
      accepts: { 1: ['[]'], 2: ['function'] },
    },
  },
});

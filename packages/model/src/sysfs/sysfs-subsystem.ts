import { SLAB_ATTRIBUTES } from '@mm/sysfs';

import { CACHE_INVARIANTS, cacheCommands } from '../caches/cache-subsystem.js';
import { describeCaches } from '../caches/cache-world.js';
import * as erased from '../erased/sysfs-commands.js';
import * as stepped from '../stepped/sysfs-commands.js';
import { type Command, NOTHING_TO_DO, type Op, type Subsystem } from '../subsystem.js';
import { procNameOf, slabWriteOf } from './sysfs-arguments.js';
import { type SysfsWorld, checkSysfsLocal, checkSysfsWhole, sysfsWorld } from './sysfs-world.js';

type Name = keyof typeof stepped;

const isSlub = (world: SysfsWorld): boolean => world.machine.slab === 'slub';
const always = (): boolean => true;

function command(
  name: Name,
  weight: number,
  enabled: (world: SysfsWorld) => boolean,
  words: (op: Op) => string,
): Command<SysfsWorld> {
  return {
    name,
    weight,
    enabled,
    run(world, ctx, op) {
      return erased[name](world, ctx, op);
    },
    *steps(world, ctx, op) {
      if (world.offline === ctx.cpu) return NOTHING_TO_DO;
      world.inFlight++;
      const answer = yield* stepped[name](world, ctx, op);
      world.inFlight--;
      return answer;
    },
    describe: (op) => `${name}(${words(op)})`,
  };
}

const file = (op: Op): string => SLAB_ATTRIBUTES[op.b % SLAB_ATTRIBUTES.length]!.name;

function written(op: Op): string {
  const { file: name, text } = slabWriteOf(op);
  return `${name} = ${JSON.stringify(text)}`;
}

/**
 * The files of `@mm/sysfs`, read and written while caches are used, shrunk and destroyed and CPUs come and go: nothing crashes or
 * waits for ever, no number is impossible, and when nothing is under way every number is what a walk finds. With SLUB unless
 * `slab` says otherwise.
 */
export const sysfsSubsystem: Subsystem<SysfsWorld> = {
  name: 'sysfs',
  invariants: {
    command: [
      ...CACHE_INVARIANTS.command,
      'a reader never sees an impossible number',
      'a file can be read or is gone',
      'a file can be written or is gone',
      'only files of this kernel are there',
      'a write is answered as documented',
      'a file of /proc can be read',
      'slabinfo can be opened',
      'a directory is given up when nobody uses its files any more',
    ],
    // The files of one cache in turn, when no command is under way.
    local: [
      ...CACHE_INVARIANTS.local,
      'every number that is printed equals what a walk finds',
      'every user finds its cache by name',
      'validation reports nothing where nothing is wrong',
    ],
    whole: ['every number that is printed equals what a walk finds', 'slabinfo has a line for every cache'],
  },
  commands: [
    ...(cacheCommands('slub') as ReadonlyArray<Command<SysfsWorld>>),
    command('readSlabFile', 240, isSlub, (op) => `name #${op.a}, ${file(op)}`),
    command('writeSlabFile', 60, isSlub, (op) => `name #${op.a}, ${written(op)}`),
    command('readProcFile', 40, always, procNameOf),
    command('writeSlabinfoFile', 8, always, (op) => `cache #${op.a}`),
  ],
  faults: () => ['faults', 'failslab'],
  setup: sysfsWorld,
  cellsOf: (world) => world.machine.cells,
  checkLocal: checkSysfsLocal,
  checkWhole: checkSysfsWhole,
  describeState: describeCaches,
};

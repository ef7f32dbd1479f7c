import { SLAB_ATTRIBUTES } from '@mm/sysfs';

import { cacheCommands } from '../caches/cache-subsystem.js';
import * as erased from '../erased/sysfs-commands.js';
import * as stepped from '../stepped/sysfs-commands.js';
import type { Command, Op, Subsystem } from '../subsystem.js';
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
      erased[name](world, ctx, op);
    },
    *steps(world, ctx, op) {
      if (world.offline === ctx.cpu) return;
      world.inFlight++;
      yield* stepped[name](world, ctx, op);
      world.inFlight--;
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
  commands: [
    ...(cacheCommands('slub') as ReadonlyArray<Command<SysfsWorld>>),
    command('readSlabFile', 240, isSlub, (op) => `name #${op.a}, ${file(op)}`),
    command('writeSlabFile', 60, isSlub, (op) => `name #${op.a}, ${written(op)}`),
    command('readProcFile', 40, always, procNameOf),
    command('writeSlabinfoFile', 8, always, (op) => `cache #${op.a}`),
  ],
  setup: sysfsWorld,
  cellsOf: (world) => world.machine.cells,
  checkLocal: checkSysfsLocal,
  checkWhole: checkSysfsWhole,
  checks: { local: 4, whole: 4 },
};

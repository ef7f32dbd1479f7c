import { KernelBug } from '@mm/printk';
import { z } from 'zod';

import { firstDifference } from './first-difference.js';
import { maskedLog } from './masked-log.js';
import type { Mismatch } from './mismatch.js';
import type { Recording } from './read-recording.js';
import { type BootedCaches, bootCaches, cacheStruct, slabinfoSizes } from './booted-caches.js';
import { constructorOf } from './slub-boot.js';

const integer = z.number().int();
const text = z.string();
const request = z.strictObject({
  size: integer,
  align: integer,
  flags: integer,
  ctor: integer,
  useroffset: integer,
  usersize: integer,
});

/** What a case of a `create-errors` recording must look like. */
export const createErrorsCase = z.looseObject({
  allocator: z.enum(['SLUB', 'SLAB']),
  cmdline: text,
  creates: z.array(
    z.looseObject({
      in: request,
      name: text,
      ok: integer,
      struct: z.record(text, z.union([text, z.number()])).optional(),
      slabinfo: z.array(integer).optional(),
      dmesg: z.array(text).optional(),
    }),
  ),
  sysfs: z.array(z.union([z.tuple([z.literal('DIR'), text]), z.tuple([z.literal('LINK'), text, text])])),
  oops: z.array(text).optional(),
});

/** The tables of a `create-errors` recording. */
export const createErrorsTables = z.looseObject({
  source: z.looseObject({ mem: text, cpus: integer.min(1) }),
});

type Case = z.infer<typeof createErrorsCase>;

/** What the kernel died in has no arguments recorded: the sizes that the case's name tells. */
const FATAL: Readonly<Record<string, z.infer<typeof request>>> = {
  'size 0': { size: 0, align: 0, flags: 0, ctor: 0, useroffset: 0, usersize: 0 },
};

/**
 * Plays one case. Input: command line and the arguments of each creation. Expectation: whether a cache was made, its
 * structure and slabinfo, the log, what stands in sysfs afterwards, or that the kernel dies of it.
 */
export function playCreateErrors(recording: Recording, index: number): Mismatch | null {
  const { source } = recording as unknown as z.infer<typeof createErrorsTables>;
  const recorded = recording.cases[index] as unknown as Case;
  const { cpus, mem } = source;
  const booted = bootCaches(recorded.allocator, { cpus, mem, cmdline: recorded.cmdline }, true);
  if (recorded.oops !== undefined) return dies(booted, recorded);
  for (const [i, { in: args, name, ...expected }] of recorded.creates.entries()) {
    const found = firstDifference(`creates[${i}]`, { dmesg: [], ...expected }, create(booted, name, args));
    if (found !== null) return found;
  }
  const actual = recorded.sysfs.map(([kind, name]) =>
    kind === 'DIR'
      ? ['DIR', booted.names?.directories.has(name) ? name : null]
      : ['LINK', name, booted.names?.links.get(name)],
  );
  return firstDifference('sysfs', recorded.sysfs, actual);
}

function create(booted: BootedCaches, name: string, args: z.infer<typeof request>): object {
  const { machine } = booted;
  machine.log.take();
  const cache = booted.create({ name, ...args, ctor: constructorOf(machine, args.ctor) });
  const dmesg = maskedLog(machine.log.take());
  if (cache === null) return { ok: 0, dmesg };
  return {
    ok: 1,
    struct: cacheStruct(cache),
    slabinfo: slabinfoSizes(cache),
    dmesg,
  };
}

function dies(booted: BootedCaches, recorded: Case): Mismatch | null {
  const args = FATAL[String(recorded['test'])];
  if (args === undefined) return { path: 'test', expected: Object.keys(FATAL), actual: recorded['test'] };
  try {
    create(booted, 'fatal', args);
  } catch (error) {
    if (!(error instanceof KernelBug)) throw error;
    const [what] = error.message.split(':');
    const oops = recorded.oops!.map((line) => line.split(':')[0]);
    return firstDifference('oops', oops, [what]);
  }
  return { path: 'oops', expected: recorded.oops, actual: 'no crash' };
}

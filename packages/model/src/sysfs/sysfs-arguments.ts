import { Errno } from '@mm/printk';
import type { ProcName } from '@mm/sysfs';

import type { Op } from '../subsystem.js';

/** What a write must answer: how many characters were taken, or an errno. */
type Answer = 'taken' | number;

/** A write to a file of a cache, and what the kernel answers: of a cache without debug flags, and of one with. */
export interface SlabWrite {
  readonly file: string;
  readonly text: string;
  readonly plain: Answer;
  readonly debugged: Answer;
}

const write = (file: string, text: string, plain: Answer, debugged = plain): SlabWrite => ({
  file,
  text,
  plain,
  debugged,
});

const { EINVAL, ERANGE, EACCES } = Errno;

const WRITES: readonly SlabWrite[] = [
  write('shrink', '1', 'taken'),
  write('shrink', '1\n', 'taken'),
  write('shrink', 'x', -EINVAL),
  write('validate', '1', -EINVAL, 'taken'),
  write('validate', '1', -EINVAL, 'taken'),
  write('validate', '0', -EINVAL),
  write('min_partial', '3', 'taken'),
  write('min_partial', '+0\n', 'taken'),
  write('min_partial', '-1', -EINVAL),
  write('min_partial', '99999999999999999999', -ERANGE),
  write('cpu_partial', '0', 'taken'),
  write('cpu_partial', '30', 'taken', -EINVAL),
  write('cpu_partial', '6\n', 'taken', -EINVAL),
  write('cpu_partial', '4294967296', -ERANGE),
  write('alloc_fastpath', '0', 'taken'),
  write('free_slowpath', '1', -EINVAL),
  write('order', '1', -EACCES),
  write('nothing', '1', -EACCES),
];

/** The write that an operation's numbers stand for. */
export const slabWriteOf = (op: Op): SlabWrite => WRITES[op.b % WRITES.length]!;

const PROC: readonly ProcName[] = ['slabinfo', 'buddyinfo', 'pagetypeinfo', 'zoneinfo', 'vmstat', 'meminfo'];

/** The file of /proc that an operation's numbers stand for; slabinfo most often. */
export const procNameOf = (op: Op): ProcName => PROC[op.b % (PROC.length + 3)] ?? 'slabinfo';

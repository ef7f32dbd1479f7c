import type { Creating, OpenFor } from '../stepped/index.js';
import { argumentError } from './fs-error.js';

/** What a flag of `node:fs` opens a file for. */
export interface OpenFlag {
  readonly purpose: OpenFor;
  /** What becomes of a file that is not there. */
  readonly creating: Creating;
}

const PURPOSES: ReadonlyMap<string, OpenFor> = new Map([
  ['r', 'reading'],
  ['rs', 'reading'],
  ['sr', 'reading'],
  ['r+', 'both'],
  ['rs+', 'both'],
  ['sr+', 'both'],
  ['w', 'writing'],
  ['w+', 'both'],
  ['a', 'writing'],
  ['as', 'writing'],
  ['sa', 'writing'],
  ['a+', 'both'],
  ['as+', 'both'],
  ['sa+', 'both'],
]);

/** @throws TypeError as node does, for a flag that is none. */
export function openFlag(flag: string): OpenFlag {
  const exclusive = flag.includes('x');
  const purpose = PURPOSES.get(exclusive ? flag.replace('x', '') : flag);
  if (purpose === undefined || (exclusive && purpose === 'reading'))
    throw argumentError('ERR_INVALID_ARG_VALUE', `The argument 'flags' is invalid. Received '${flag}'`);
  const creating = exclusive ? 'must' : /[wa]/u.test(flag) ? 'may' : 'no';
  return { purpose, creating };
}

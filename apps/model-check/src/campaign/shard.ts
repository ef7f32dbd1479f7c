import { OptionError } from '@mm/printk';

/** Part `index` of `of`, from 1. It does every `of`-th unit. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** The whole. */
export const WHOLE: Shard = { index: 1, of: 1 };
/** Shards at most. */
const SHARDS_MAX = 10_000;

/**
 * Reads `i/n`.
 * @throws OptionError when it is no part of a whole.
 */
export function parseShard(text: string): Shard {
  const match = /^(\d{1,5})\/(\d{1,5})$/u.exec(text);
  const [index, of] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || of < 1 || of > SHARDS_MAX || index < 1 || index > of)
    throw new OptionError('--shard', `i/n with 1 <= i <= n <= ${SHARDS_MAX}, such as 2/4`, text);
  return { index, of };
}

/** The `k`-th unit of a shard, from 0, in the numbers of the whole. */
export const unitOfShard = ({ index, of }: Shard, k: number): number => index - 1 + k * of;

/** How many of `units` a shard has. */
export const unitsOfShard = ({ index, of }: Shard, units: number): number =>
  Math.max(0, Math.ceil((units - (index - 1)) / of));

import { Errno, checkText } from '@mm/printk';
import { type SlubCache, clearStat, setCpuPartial, setMinPartial } from '@mm/slub';
import { flushAll, slubShrink, validateCache } from '@mm/slub/stepped';
import { type Context, type Steps, write } from '@mm/steps/stepped';

import { checkCache } from '../check-arguments.js';
import { UINT_MAX, parseKernelNumber, ulongMax } from '../slab/kernel-number.js';
import { SLAB_SKIP_KFENCE, attributeNamed } from '../slab/slab-attributes.js';

/**
 * Writes a file in a cache's directory, with what the kernel does then.
 *
 * @param text at least one character.
 * @returns the length of `text`, or a negative errno: -EINVAL for a text that the file does not take, -ERANGE for a number
 * that is too large, -EIO for a file that cannot be written.
 * @throws OptionError for what is no cache or no text.
 * @example
 * storeAttribute(ctx, cache, 'shrink', '1\n'); // 2
 * @see linux 6.1 mm/slub.c slab_attr_store
 */
export function* storeAttribute(ctx: Context, cache: SlubCache, name: string, text: string): Steps<number> {
  checkCache(cache);
  checkText('text', text);
  checkText('name', name);
  const attribute = attributeNamed(name);
  if (attribute === undefined || attribute.takes === null) return -Errno.EIO;
  if (attribute.show.from === 'cpus') return yield* storeStat(cache, attribute.show.stat, text);
  switch (name) {
    case 'min_partial': {
      const slabs = parseKernelNumber(text, ulongMax(cache.system.arch.pointerBytes));
      if (slabs < 0) return slabs;
      yield write(cache.nrPartialCell);
      setMinPartial(cache, slabs);
      return text.length;
    }
    case 'cpu_partial': {
      const objects = parseKernelNumber(text, UINT_MAX);
      if (objects < 0) return objects;
      yield write(cache.cpuPartialCell);
      const answer = setCpuPartial(cache, objects);
      if (answer < 0) return answer;
      yield* flushAll(ctx, cache);
      return text.length;
    }
    case 'shrink':
      if (text[0] !== '1') return -Errno.EINVAL;
      yield* slubShrink(ctx, cache);
      return text.length;
    case 'validate':
      if (text[0] !== '1' || !cache.debugging) return -Errno.EINVAL;
      yield* validateCache(ctx, cache);
      return text.length;
    default:
      return storeSkipKfence(cache, text);
  }
}

function* storeStat(cache: SlubCache, stat: number, text: string): Steps<number> {
  if (text[0] !== '0') return -Errno.EINVAL;
  for (let cpu = 0; cpu < cache.system.cpus; cpu++) yield write(cache.cpuCell + cpu);
  clearStat(cache, stat);
  return text.length;
}

/** @see linux 6.1 mm/slub.c skip_kfence_store */
function storeSkipKfence(cache: SlubCache, text: string): number {
  if (text[0] === '0') cache.flags &= ~SLAB_SKIP_KFENCE;
  else if (text[0] === '1') cache.flags |= SLAB_SKIP_KFENCE;
  else return -Errno.EINVAL;
  cache.flags >>>= 0;
  return text.length;
}

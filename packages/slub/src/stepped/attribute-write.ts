import { Errno } from '@mm/printk';
import type { Context, Steps } from '@mm/steps/stepped';

import { parseKernelNumber } from '../kernel-number.js';
import type { SlubCache } from '../slub-cache.js';
import { clearStat } from '../slub-stats.js';
import { setCpuPartial, setMinPartial } from '../sysfs-counts.js';
import { flushAll } from './flush.js';
import { slubShrink } from './shrink.js';
import { validateCache } from './validate.js';

/**
 * Writes a file in a cache's sysfs directory, with what the kernel does then.
 *
 * @returns the length of `text`, or a negative errno: -EINVAL for a text that the file does not take, -EIO for a file that
 * cannot be written.
 * @example
 * writeAttribute(ctx, cache, 'shrink', '1\n'); // 2
 * @see linux 6.1 mm/slub.c slab_attr_store
 */
export function* writeAttribute(ctx: Context, cache: SlubCache, name: string, text: string): Steps<number> {
  switch (name) {
    case 'min_partial': {
      const slabs = parseKernelNumber(text, 2 ** 53);
      if (slabs < 0) return slabs;
      setMinPartial(cache, slabs);
      return text.length;
    }
    case 'cpu_partial': {
      const objects = parseKernelNumber(text, 2 ** 32 - 1);
      if (objects < 0) return objects;
      const answer = setCpuPartial(cache, objects);
      if (answer < 0) return answer;
      yield* flushAll(ctx, cache);
      return text.length;
    }
    case 'shrink': {
      if (text[0] !== '1') return -Errno.EINVAL;
      yield* slubShrink(ctx, cache);
      return text.length;
    }
    case 'validate': {
      if (text[0] !== '1' || !cache.debugging) return -Errno.EINVAL;
      yield* validateCache(ctx, cache);
      return text.length;
    }
    default:
      return clearStat(cache, name, text);
  }
}

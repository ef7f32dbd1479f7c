import type { SlubCache } from '@mm/slub';
import { Context } from '@mm/steps';
import { showAttribute } from '@mm/sysfs';

/** The texts of a cache's sysfs files as recordings have them: without the last newline, `ctor` as a word alone. */
export function slubAttributes(cache: SlubCache, names: readonly string[]): Record<string, string> {
  const ctx = new Context(0);
  return Object.fromEntries(
    names.map((name) => {
      const text = showAttribute(ctx, cache, name);
      if (name === 'ctor') return [name, text === '' ? '' : 'ctor'];
      return [name, text.replace(/\n$/u, '')];
    }),
  );
}

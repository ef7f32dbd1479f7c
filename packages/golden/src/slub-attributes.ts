import { cacheAttributes, type SlubCache } from '@mm/slub';

/** The texts of a cache's sysfs files as recordings have them: without the last newline, `ctor` as a word alone. */
export function slubAttributes(cache: SlubCache, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const attribute = cacheAttributes().get(name);
      const text = attribute?.read?.(cache) ?? '';
      if (name === 'ctor') return [name, text === '' ? '' : 'ctor'];
      return [name, typeof text === 'string' ? text.replace(/\n$/u, '') : ''];
    }),
  );
}

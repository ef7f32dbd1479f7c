import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Plugin } from 'vite';

import { eraseWithMap } from './erase.js';

/** What {@link erasePlugin} may be told. */
export interface ErasePluginOptions {
  /**
   * Edits the source of a stepped module before it is used, erased or as it stands; a mutant is one such
   * edit. `file` is the absolute path of the stepped module.
   */
  readonly edit?: (source: string, file: string) => string;
}

const ERASED = '/src/erased/';
const STEPPED = '/src/stepped/';
const posix = (path: string): string => path.replaceAll('\\', '/');

/** Serves `.../erased/x.ts` from `.../stepped/x.ts`, so that tests run the source as it stands. */
export function erasePlugin(options: ErasePluginOptions = {}): Plugin {
  const { edit } = options;
  return {
    name: 'mm-erase',
    enforce: 'pre',
    resolveId(source, importer) {
      if (importer === undefined || !source.startsWith('.') || !source.endsWith('.js')) return null;
      const from = dirname(importer.split('?')[0] ?? importer);
      const path = posix(resolve(from, source)).replace(/\.js$/u, '.ts');
      return path.includes(ERASED) && existsSync(path.replace(ERASED, STEPPED)) ? path : null;
    },
    load(id) {
      const file = posix(id.split('?')[0] ?? id);
      const isErased = file.includes(ERASED);
      if (!isErased && (edit === undefined || !file.includes(STEPPED))) return null;
      const stepped = file.replace(ERASED, STEPPED);
      if (!existsSync(stepped)) return null;
      this.addWatchFile(stepped);
      const text = readFileSync(stepped, 'utf8');
      const source = edit === undefined ? text : edit(text, stepped);
      if (!isErased) return { code: source, map: null };
      const { code, map } = eraseWithMap(source, stepped);
      return { code, map: map.toString() };
    },
  };
}

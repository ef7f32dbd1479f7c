import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Plugin } from 'vite';

import { erase } from './erase.js';

/** Serves `.../erased/x.ts` from `.../stepped/x.ts`, so that tests run the source as it stands. */
export function erasePlugin(): Plugin {
  return {
    name: 'mm-erase',
    enforce: 'pre',
    resolveId(source, importer) {
      if (importer === undefined || !source.startsWith('.') || !source.endsWith('.js')) return null;
      const path = resolve(dirname(importer.split('?')[0] ?? importer), source).replace(/\.js$/u, '.ts');
      return path.includes('/src/erased/') ? path : null;
    },
    load(id) {
      if (!id.includes('/src/erased/')) return null;
      const stepped = id.replace('/src/erased/', '/src/stepped/');
      if (!existsSync(stepped)) return null;
      this.addWatchFile(stepped);
      return erase(readFileSync(stepped, 'utf8'), stepped);
    },
  };
}

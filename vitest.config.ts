import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import { erasePlugin } from './tools/eraser/src/vite-plugin.js';

const root = fileURLToPath(new URL('.', import.meta.url));
const packageName = (dir: string): string => (dir === 'v7s-pgtable' ? '@iommu/v7s-pgtable' : `@mm/${dir}`);

/** Tests run the sources: no build is needed, and a mutant is one edit away. */
const alias = readdirSync(`${root}packages`).flatMap((dir) => {
  const src = `${root}packages/${dir}/src`;
  const stepped = [`${src}/stepped/index.ts`, `${src}/stepped.ts`].find((f) => existsSync(f));
  return [
    ...(stepped === undefined ? [] : [{ find: `${packageName(dir)}/stepped`, replacement: stepped }]),
    { find: new RegExp(`^${packageName(dir)}$`), replacement: `${src}/index.ts` },
  ];
});

export default defineConfig({
  plugins: [erasePlugin()],
  resolve: {
    alias: [
      ...alias,
      {
        find: /^@mm\/(interleave|model)\/(vitest|fast-check)$/u,
        replacement: `${root}packages/$1/src/$2.ts`,
      },
      { find: /^@mm\/eraser$/u, replacement: `${root}tools/eraser/src/index.ts` },
      { find: '@mm/eraser/vite', replacement: `${root}tools/eraser/src/vite-plugin.ts` },
      { find: '@mm/mutants', replacement: `${root}tools/mutants/src/index.ts` },
    ],
  },
  test: {
    include: ['{packages,apps,tools}/*/{src,test}/**/*.test.ts'],
    testTimeout: 60_000,
    maxWorkers: 2,
  },
});

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { erasePlugin } from '@mm/eraser/vite';
import { type Plugin, rolldown } from 'rolldown';

import { applyEdits } from './apply-edits.js';
import type { Edit } from './mutant.js';

/** The folder of the whole project, with a slash at its end. */
export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url));

const ENTRY = `${ROOT}tools/mutants/src/hunt/worker.ts`;

const packageName = (dir: string): string => (dir === 'v7s-pgtable' ? '@iommu/v7s-pgtable' : `@mm/${dir}`);

/** Both faces of every package → its source. */
function sourcesByName(): Map<string, string> {
  const sources = new Map<string, string>();
  for (const dir of readdirSync(`${ROOT}packages`)) {
    const src = `${ROOT}packages/${dir}/src`;
    if (existsSync(`${src}/index.ts`)) sources.set(packageName(dir), `${src}/index.ts`);
    const stepped = [`${src}/stepped/index.ts`, `${src}/stepped.ts`].find((file) => existsSync(file));
    if (stepped !== undefined) sources.set(`${packageName(dir)}/stepped`, stepped);
  }
  return sources;
}

function facesPlugin(): Plugin {
  const sources = sourcesByName();
  return {
    name: 'mm-faces',
    resolveId: {
      filter: { id: /^@(?:mm|iommu)\// },
      handler: (source) => sources.get(source) ?? null,
    },
  };
}

/** Edits modules that have no stepped form as they are loaded. */
function editPlugin(edits: readonly Edit[]): Plugin {
  return {
    name: 'mm-edit',
    load(id) {
      const mine = edits.filter(({ file }) => id === ROOT + file);
      if (mine.length === 0) return null;
      return { code: applyEdits(readFileSync(id, 'utf8'), mine), moduleType: 'ts' };
    },
  };
}

/**
 * Looks whether the edits apply to the sources as they stand.
 *
 * @throws OptionError naming the first file and text that do not: the code has changed, and the mutant must follow.
 */
export function checkEdits(edits: readonly Edit[]): void {
  for (const { file } of edits) {
    const source = existsSync(ROOT + file) ? readFileSync(ROOT + file, 'utf8') : '';
    applyEdits(
      source,
      edits.filter((edit) => edit.file === file),
    );
  }
}

/**
 * One module with the hunter and all packages from their sources, edited. About 0.4 s.
 *
 * @throws OptionError when an edit does not apply.
 */
export async function bundleMutant(edits: readonly Edit[]): Promise<string> {
  checkEdits(edits);
  const edit = (source: string, file: string): string =>
    applyEdits(
      source,
      edits.filter((one) => file === ROOT + one.file),
    );
  const bundle = await rolldown({
    input: ENTRY,
    platform: 'node',
    logLevel: 'silent',
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    plugins: [facesPlugin(), erasePlugin({ edit }) as Plugin, editPlugin(edits)],
  });
  try {
    const { output } = await bundle.generate({ format: 'es' });
    return output[0].code;
  } finally {
    await bundle.close();
  }
}

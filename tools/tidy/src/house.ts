import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the whole project. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The floor of each room, lowest first: a room imports only rooms of lower floors. */
export const FLOORS: ReadonlyArray<readonly string[]> = [
  ['@mm/steps', '@mm/printk'],
  ['@mm/memory', '@mm/interleave'],
  ['@mm/zones'],
  ['@mm/buddy'],
  ['@mm/kmem', '@mm/genalloc', '@mm/page-frag'],
  ['@mm/slub', '@mm/slab'],
  ['@iommu/v7s-pgtable', '@mm/sysfs'],
  ['@mm/machine'],
  ['@mm/model', '@mm/golden'],
  ['@mm/model-check', '@mm/lab'],
];

/** Source files that git knows or would take, as paths from the root, tests included, generated ones not. */
export function sourceFiles(): string[] {
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '--', '*.ts', '*.mjs'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  return listed.split('\n').filter((file) => file !== '' && existsSync(join(root, file)));
}

/** The text of a file given as a path from the root. */
export const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Folders of packages and apps, as paths from the root. */
export function rooms(): string[] {
  const folders = sourceFiles().map((file) => /^(?:packages|apps)\/[^/]+/u.exec(file)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].filter((folder) =>
    existsSync(join(root, folder, 'package.json')),
  );
}

/** A package's manifest. */
export const manifestOf = (
  folder: string,
): { name: string; private?: boolean; dependencies?: Record<string, string> } =>
  JSON.parse(read(join(folder, 'package.json')));

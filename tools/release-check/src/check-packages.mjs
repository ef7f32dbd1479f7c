// Packs every publishable package, looks at the tarballs with publint and are-the-types-wrong, installs
// them all into an empty project, imports and type-checks each there, and asks each command for its help.
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'mm-release-'));
const faults = [];

const packages = ['packages', 'apps', 'tools']
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
  .filter((folder) => existsSync(join(folder, 'package.json')))
  .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) }))
  .filter(({ manifest }) => manifest.private !== true);

async function attempt(what, work) {
  try {
    return await work();
  } catch (error) {
    faults.push(`${what}: ${[error.stdout, error.stderr, error.message].filter(Boolean).join('\n')}`);
    return null;
  }
}

async function pack({ folder, manifest }) {
  const out = join(scratch, manifest.name.replace(/[@/]/gu, '_'));
  mkdirSync(out);
  await run('pnpm', ['pack', '--pack-destination', out], { cwd: folder });
  return join(out, readdirSync(out)[0]);
}

async function look({ manifest }, tarball) {
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
    strict: true,
  });
  for (const message of messages) faults.push(`${manifest.name}: publint: ${formatMessage(message, pkg)}`);
  if (manifest.exports['.'] === undefined) return;
  const attw = join(dirname(require.resolve('@arethetypeswrong/cli/package.json')), 'dist/index.js');
  await attempt(`${manifest.name}: are the types wrong`, () =>
    run(process.execPath, [
      attw,
      tarball,
      '--profile',
      'esm-only',
      '--no-emoji',
      '--no-color',
      '--exclude-entrypoints',
      './package.json',
    ]),
  );
}

/** Two at a time: the machines this runs on have two cores. */
async function eachTwo(items, work) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all([worker(), worker()]);
}

async function tryInEmptyProject(tarballs) {
  const project = join(scratch, 'project');
  mkdirSync(project);
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'empty', private: true, type: 'module' }),
  );
  const libraries = packages.filter(({ manifest }) => manifest.exports['.'] !== undefined);
  const faces = libraries.flatMap(({ manifest }) =>
    Object.keys(manifest.exports)
      .filter((key) => /^\.(\/stepped)?$/u.test(key))
      .map((key) => manifest.name + key.slice(1)),
  );
  const source = faces
    .map(
      (face, i) =>
        `import * as face${i} from '${face}';\nif (Object.keys(face${i}).length === 0) throw new Error('${face} is empty');\n`,
    )
    .join('');
  writeFileSync(join(project, 'all.ts'), source);
  writeFileSync(join(project, 'all.mjs'), source);
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs], { cwd: project });
  await run(process.execPath, ['all.mjs'], { cwd: project });
  const tsc = require.resolve('typescript/lib/tsc.js');
  const flags = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext'];
  await run(process.execPath, [tsc, ...flags, 'all.ts'], { cwd: project });
  for (const name of packages.flatMap(({ manifest }) => Object.keys(manifest.bin ?? {}))) {
    const { stdout } = await run(join(project, 'node_modules/.bin', name), ['--help'], { cwd: project });
    if (!stdout.includes(name)) faults.push(`${name} --help: expected its name, got ${stdout}`);
  }
  return faces.length;
}

const tarballs = [];
await eachTwo(packages, async (one) => {
  const tarball = await attempt(`${one.manifest.name}: pack`, () => pack(one));
  if (tarball === null) return;
  tarballs.push(tarball);
  await attempt(`${one.manifest.name}: publint`, () => look(one, tarball));
});
const faces = await attempt('install into an empty project', () => tryInEmptyProject(tarballs));
rmSync(scratch, { recursive: true, force: true });
for (const fault of faults) console.error(fault);
console.log(`${packages.length} packages, ${faces ?? 0} faces, ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;

#!/usr/bin/env node
// Bundles the sources of each suite (no build needed, what runs is what stands in src) and times each
// case in a process of its own, so that one case does not teach the compiler about another's objects.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

const me = fileURLToPath(import.meta.url);
const here = fileURLToPath(new URL('..', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const out = join(here, 'dist');
const usage = 'usage: pnpm bench [--quick] [NAME...]';

async function bundle(entries) {
  await build({
    configFile: join(root, 'vitest.config.ts'),
    root: here,
    logLevel: 'error',
    ssr: { noExternal: [/^@mm\//u, /^@iommu\//u] },
    build: {
      ssr: true,
      outDir: out,
      target: 'es2023',
      minify: false,
      rolldownOptions: {
        input: entries,
        // Published modules have const; `var` is read from memory at each use and its type checked.
        output: { topLevelVar: false, entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  });
}

async function main(args) {
  if (args[0] === '--run') {
    const { runSuite } = await import(pathToFileURL(join(out, 'run-suite.js')).href);
    await runSuite(args[1], join(out, `${args[1]}.js`), me, args[2] === 'quick');
    return 0;
  }
  if (args[0] === '--case') {
    const { runCase } = await import(pathToFileURL(join(out, 'run-suite.js')).href);
    await runCase(join(out, `${args[1]}.js`), args[3], args[2] === 'quick');
    return 0;
  }
  const known = readdirSync(join(here, 'src'))
    .filter((f) => f.endsWith('.bench.ts'))
    .map((f) => f.slice(0, -9));
  const quick = args.includes('--quick');
  const names = args.filter((a) => a !== '--quick' && a !== '--');
  const odd = names.find((n) => !known.includes(n));
  if (odd !== undefined) {
    console.error(`${usage}\nNAME: expected one of ${known.join(', ')}, got ${JSON.stringify(odd)}`);
    return 2;
  }
  const chosen = names.length === 0 ? known : names;
  const entries = Object.fromEntries(chosen.map((n) => [n, join(here, 'src', `${n}.bench.ts`)]));
  await bundle({ ...entries, 'run-suite': join(here, 'src', 'run-suite.ts') });
  let failed = 0;
  for (const name of chosen) {
    const child = [me, '--run', name, quick ? 'quick' : 'full'];
    const { status } = spawnSync(process.execPath, child, { stdio: 'inherit' });
    if (status !== 0) failed++;
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));

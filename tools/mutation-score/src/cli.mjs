// Runs Stryker over the calculating modules, a group after the other, and prints or writes the score.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';

import { GROUPS } from './modules.mjs';
import { strykerOptions } from './stryker-options.mjs';
import { survivors, tally, tallyDocument, tallyTable } from './tally.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DOCUMENT = `${ROOT}docs/mutation-score.md`;
const REPORTS = `${ROOT}node_modules/.cache/mutation-score/`;

const NAMES = GROUPS.map(({ name }) => name);

function groupNames(text) {
  const names = text.split(',');
  const odd = names.find((name) => !NAMES.includes(name));
  if (odd !== undefined)
    throw new InvalidArgumentError(`expected names out of ${NAMES.join(', ')}, got ${JSON.stringify(odd)}`);
  return names;
}

function workers(text) {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 64)
    throw new InvalidArgumentError(`expected a whole number from 1 to 64, got ${JSON.stringify(text)}`);
  return count;
}

const moduleOf = (file) => relative(ROOT, file).replaceAll('\\', '/');

async function mutateGroup(group, options) {
  console.log(`${group.name}: ${group.modules.length} modules`);
  // Workers of Stryker load the vitest configuration anew: the environment is what reaches them.
  process.env['MUTATED_GROUP'] = group.name;
  const { Stryker } = await import('@stryker-mutator/core');
  const stryker = new Stryker(
    strykerOptions(group, { concurrency: options.workers, report: `${REPORTS}${group.name}.json` }),
  );
  return stryker.runMutationTest();
}

async function score(options) {
  process.chdir(ROOT);
  mkdirSync(REPORTS, { recursive: true });
  const results = [];
  for (const group of GROUPS.filter(({ name }) => options.only.includes(name)))
    results.push(...(await mutateGroup(group, options)));
  for (const line of survivors(results, moduleOf)) console.log(line);
  const rows = tally(results, moduleOf);
  console.log(tallyTable(rows));
  if (!options.write) return;
  const { version } = createRequire(import.meta.url)('@stryker-mutator/core/package.json');
  writeFileSync(DOCUMENT, tallyDocument(rows, version));
  console.log(`written: ${moduleOf(DOCUMENT)}`);
}

const command = new Command('mutation-score')
  .description(
    'Stryker over the modules that only calculate: which edits does no test notice? About half an hour.',
  )
  .option('--only <packages>', `packages to mutate, by comma, of ${NAMES.join(', ')}`, groupNames, NAMES)
  .option('--workers <n>', 'test processes at a time', workers, availableParallelism())
  .option('--write', 'write the score of all packages to docs/mutation-score.md', false)
  .action(async (options) => {
    if (options.write && options.only.length < NAMES.length)
      command.error('--write: expected no --only beside it, for the document speaks of all packages', {
        exitCode: 2,
      });
    await score(options);
  });
command.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
await command.parseAsync();

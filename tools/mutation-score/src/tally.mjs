import Table from 'cli-table3';

const KILLED = new Set(['Killed', 'Timeout']);
const ALIVE = new Set(['Survived', 'NoCoverage']);

/** Share of the mutants that a test noticed, in percent with one decimal. */
export const scoreOf = ({ killed, alive }) =>
  killed + alive === 0 ? '-' : ((100 * killed) / (killed + alive)).toFixed(1);

/**
 * Counts what became of the mutants, by module. A mutant of which Stryker says that it survived without a single
 * test run was not judged at all (a test whose title changes from run to run does that): an error, not a survivor.
 */
export function tally(results, moduleOf) {
  const rows = new Map();
  for (const mutant of results) {
    const module = moduleOf(mutant.fileName);
    const row = rows.get(module) ?? { module, killed: 0, alive: 0 };
    rows.set(module, row);
    if (KILLED.has(mutant.status)) row.killed++;
    else if (ALIVE.has(mutant.status)) row.alive++;
    else if (mutant.status !== 'Ignored')
      throw new Error(`${module}: expected a mutant to be killed or to survive, got ${mutant.status}`);
    if (mutant.status === 'Survived' && !(mutant.testsCompleted > 0))
      throw new Error(`${module}: expected tests to run on mutant ${mutant.id}, got none`);
  }
  return [...rows.values()].toSorted((a, b) => (a.module < b.module ? -1 : 1));
}

/** One line for each mutant that no test noticed: where it is and what stood there instead. */
export const survivors = (results, moduleOf) =>
  results
    .filter(({ status }) => ALIVE.has(status))
    .map(({ fileName, location, mutatorName, replacement }) => {
      const { line } = location.start;
      return `${moduleOf(fileName)}:${line} ${mutatorName}: ${replacement.replaceAll(/\s+/gu, ' ').slice(0, 80)}`;
    });

const total = (rows) =>
  rows.reduce((sum, row) => ({ killed: sum.killed + row.killed, alive: sum.alive + row.alive }), {
    killed: 0,
    alive: 0,
  });

/** The counts as a table for a terminal. */
export function tallyTable(rows) {
  const table = new Table({
    head: ['module', 'mutants', 'killed', 'survived', 'score %'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const row of [...rows, { module: 'all', ...total(rows) }])
    table.push([row.module, row.killed + row.alive, row.killed, row.alive, scoreOf(row)]);
  return table.toString();
}

const line = (cells) => `| ${cells.join(' | ')} |`;

/** The counts as the document docs/mutation-score.md. */
export function tallyDocument(rows, version) {
  const all = total(rows);
  return `# Mutation score of the calculating modules

Stryker ${version} edits each module that only calculates (arguments in, a number or a table out) in every way it
knows, texts of messages left alone, and runs the tests that can notice: the package's own and the recordings of a
real kernel. Made by \`pnpm mutation-score --write\`, which also lists the edits that no test noticed. Code
that has state is judged by [the mutants of the model checker](mutants.md) instead.

**${scoreOf(all)} %** of ${all.killed + all.alive} mutants are killed.

${[
  line(['module', 'mutants', 'killed', 'survived', 'score %']),
  line(['---', '---:', '---:', '---:', '---:']),
  ...rows.map((r) => line([`\`${r.module}\``, r.killed + r.alive, r.killed, r.alive, scoreOf(r)])),
].join('\n')}
`;
}

import type { Hunt } from './hunt/hunt.js';
import type { Mutant } from './mutant.js';

const HEAD = `# The mutants

Bugs that the checkers must find, each an edit of the source that is applied as it is loaded. \`npx mm-check mutants\` hunts them all;
[tools/mutants](../tools/mutants/README.md) says how. This page is made from the catalogue (\`npx vitest run tools/mutants -u\`).

Numbers are those of the catalogue of the patch series that this project starts from; names are ours.
`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

function huntText(hunt: Hunt): string {
  if (hunt.by === 'scenario') return `scenario "${hunt.name}"`;
  if (hunt.by === 'check') return `check "${hunt.name}"`;
  const { system, world, only } = hunt;
  const { cpus: _cpus, ...rest } = world;
  const options = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
  const how = only === undefined ? '' : only === 'sequence' ? ' in sequence' : ' interleaved';
  return `programs of ${system}${how}${options.length === 0 ? '' : ` (${options.join(', ')})`}`;
}

function row({ id, history, link, kind, mechanism, breaks, hunts, missing }: Mutant): string {
  const from = link === undefined ? history : `[${history}](${link})`;
  const found = missing === undefined ? hunts.map(huntText).join('; ') : `not expressed yet: ${missing}`;
  return `| ${[id, from, kind, mechanism, breaks.join('; '), found].map(cell).join(' | ')} |`;
}

/** docs/mutants.md. */
export function mutantsDocument(mutants: readonly Mutant[]): string {
  const rows = mutants.map(row);
  return [
    HEAD,
    '| mutant | from | kind | what goes wrong | what should break (one of) | hunted by |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

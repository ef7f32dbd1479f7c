import { fileURLToPath } from 'node:url';

import { explore } from '@mm/interleave';
import { expect, it } from 'vitest';

import { SCENARIOS } from './index.js';
import type { NamedScenario } from './scenario.js';

const file = fileURLToPath(new URL('../../../../docs/scenarios.md', import.meta.url));

/** A scenario in a row: what an exploration of its least size comes to, and in which others it can be had. */
function row({ name, purpose, functions, sizes, moves = 0, at }: NamedScenario): string {
  const { executions, complete } = explore(at(sizes[0]!), { moves });
  const further = sizes.slice(1).map(({ cpus, operations }) => `${cpus}x${operations}`);
  const cells = [
    `\`${name}\``,
    purpose,
    functions.map((one) => `\`${one}\``).join(', '),
    `${executions}`,
    complete ? 'complete' : 'bounded',
    further.join(', ') || 'none',
  ];
  return `| ${cells.join(' | ')} |`;
}

const HEAD = `<!-- Made from the library in packages/model/src/scenarios: change it there, then run
     npx vitest run packages/model/src/scenarios -u -->

# Scenarios

What \`mm-check explore --scenario NAME\` explores: ${SCENARIOS.length} races, each completely with one operation on each of two CPUs (2x1: the
executions that partial-order reduction leaves). Further sizes, CPUs x operations, are explored as far as \`--time\` and \`--runs\` let
them, and the result says whether it is complete or bounded.

| name | what for | functions of the kernel | executions at 2x1 | at 2x1 | further sizes |
| --- | --- | --- | --- | --- | --- |
`;

it('docs/scenarios.md says what the library has; `npx vitest run packages/model/src/scenarios -u` writes it', async () => {
  await expect(`${HEAD}${SCENARIOS.map(row).join('\n')}\n`).toMatchFileSnapshot(file);
});

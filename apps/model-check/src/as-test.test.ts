import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { counterexampleOf, subsystemOf } from '@mm/model';
import { afterAll, expect, test } from 'vitest';

import { FAILING_WORLD, failingSlub } from '../test/failing-slub.js';
import { scenarioTestText, testText } from './as-test.js';
import { root } from './built-cli.js';

const dir = mkdtempSync(join(tmpdir(), 'mm-as-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

const run = promisify(execFile);

const SCENARIO_RUN = {
  format: 'mm-scenario/1',
  scenario: 'slub-free-flush',
  size: { cpus: 2, operations: 1 },
  kind: 'check failed',
  failure: 'counted\n1 of 2',
  schedule: [0, 2, 65, 3, 0, 1],
} as const;

/** A scenario with the bug that the run has found: an update that is lost. */
const BROKEN = `import type { Scenario } from '@mm/interleave';
import { CellSpace, Context, type Steps, read, write } from '@mm/steps';

const cells = new CellSpace();
const counter = cells.claim('counter');
const scenario: Scenario = {
  cpus: 2,
  make: () => {
    let n = 0;
    function* add(): Steps<void> {
      yield read(counter);
      const seen = n;
      yield write(counter);
      n = seen + 1;
    }
    const check = (): void => {
      if (n !== 2) throw new Error(\`counted \${n} of 2\`);
    };
    return { cells, tasks: [0, 1].map((cpu) => ({ ctx: new Context(cpu), steps: add() })), check };
  },
};
export const scenarioNamed = (_: string): { at: (size: object) => Scenario } => ({ at: () => scenario });
`;

test('--as-test prints a test that type-checks, and fails while the bug is there, and only then', async () => {
  const slub = subsystemOf('slub');
  const options = FAILING_WORLD;
  const found = { seed: 1, mode: 'interleaved', commands: 1000, commit: 'test' } as const;
  const counterexample = counterexampleOf(slub, options, failingSlub(), found);
  const folder = join(dir, 'apps/pasted/src');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  writeFileSync(join(folder, 'fails.test.ts'), testText(counterexample));
  const fixed = { ...counterexample, options: { ...options, series: 'merged' as const } };
  writeFileSync(join(folder, 'holds.test.ts'), testText(fixed));
  const scenarioTest = scenarioTestText(SCENARIO_RUN);
  writeFileSync(join(folder, 'scenario-holds.test.ts'), scenarioTest);
  writeFileSync(join(folder, 'scenario-fails.test.ts'), scenarioTest.replace("'@mm/model'", "'./broken.js'"));
  writeFileSync(join(folder, 'broken.ts'), BROKEN);
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { typeRoots: [join(root, 'node_modules/@types')] },
    include: [folder],
  };
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(config));
  await run(join(root, 'node_modules/.bin/tsc'), ['-p', join(dir, 'tsconfig.json')]);

  const vitest = (name: string): Promise<unknown> =>
    run(join(root, 'node_modules/.bin/vitest'), ['run', '--dir', dir, name], { cwd: root });
  await expect(vitest('fails.test.ts')).rejects.toMatchObject({
    stdout: expect.stringContaining(counterexample.invariant),
  });
  await vitest('pasted/src/holds.test.ts');
  await expect(vitest('scenario-fails.test.ts')).rejects.toMatchObject({
    stdout: expect.stringContaining('counted 1 of 2'),
  });
  await vitest('scenario-holds.test.ts');
}, 240_000);

import { readFileSync } from 'node:fs';

import * as fastCheck from 'fast-check';
import ts from 'typescript';
import { expect, it } from 'vitest';

import * as interleave from '../src/index.js';
import * as withFastCheck from '../src/fast-check.js';
import * as withVitest from '../src/vitest.js';
import * as steps from '@mm/steps';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```ts\n(.*?)```/gsu)].map(([, text]) => text!);

/** Runs an example; what its tests are called and do is given back. */
function runExample(example: string, log: (...words: unknown[]) => void): Map<string, () => Promise<void>> {
  const { outputText } = ts.transpileModule(example, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
  });
  const tests = new Map<string, () => Promise<void>>();
  const modules: Record<string, unknown> = {
    '@mm/interleave': interleave,
    '@mm/interleave/vitest': withVitest,
    '@mm/interleave/fast-check': withFastCheck,
    '@mm/steps': steps,
    'fast-check': fastCheck,
    vitest: { expect, it: (name: string, body: () => Promise<void>) => tests.set(name, body) },
  };
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- the example is our own text
  new Function('require', 'exports', 'console', outputText)((name: string) => modules[name], {}, { log });
  return tests;
}

it('the first example of the README prints what stands below it', () => {
  const [example, output] = /```ts\n(.*?)```\n\n```text\n(.*?)```/su.exec(readme)!.slice(1, 3);
  expect(example!.trim().split('\n').length).toBeLessThanOrEqual(32);
  const printed: string[] = [];
  runExample(example!, (...words) => void printed.push(words.join(' ')));
  expect(`${printed.join('\n')}\n`).toBe(output);
});

it('the example of a test fails with the schedule, and the trace of the first example', async () => {
  const tests = runExample(
    examples.find((text) => text.includes("'@mm/interleave/vitest'"))!,
    () => {},
  );
  const trace = /```text\n(.*?)check failed/su.exec(readme)![1]!;
  const failing = tests.get('counts every increment')!();
  await expect(failing).rejects.toThrow('to see it again: explore(scenario, { strategy: [');
  await expect(failing).rejects.toThrow(trace.trimEnd());
});

it('the example of programs holds, and would not if its step were two', () => {
  const example = examples.find((text) => text.includes("'@mm/interleave/fast-check'"))!;
  expect(() => runExample(example, () => {})).not.toThrow();
  const torn = example
    .replace('yield rmw(top);', 'yield rmw(top); const seen = [...items]; yield rmw(top);')
    .replace('items.push(item)', 'items.splice(0, 9, ...seen, item)');
  let failure: Error | undefined;
  try {
    runExample(torn, () => {});
  } catch (error) {
    failure = error as Error;
  }
  expect(failure!.message).toContain('Property failed after');
  expect((failure!.cause as Error).message).toContain(
    'the program ["push","push"] fails under the schedule [',
  );
});

it('the README names every function and class of the package', () => {
  const called = Object.entries(interleave).filter(([, value]) => typeof value === 'function');
  expect(called.map(([name]) => name).filter((name) => !readme.includes(name))).toEqual([]);
});

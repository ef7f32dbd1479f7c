import { readFileSync } from 'node:fs';

import ts from 'typescript';
import { expect, it } from 'vitest';

import * as interleave from '../src/index.js';
import * as steps from '@mm/steps';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('the first example of the README prints what stands below it', () => {
  const [example, output] = /```ts\n(.*?)```\n\n```text\n(.*?)```/su.exec(readme)!.slice(1, 3);
  expect(example!.trim().split('\n').length).toBeLessThanOrEqual(32);
  const { outputText } = ts.transpileModule(example!, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
  });
  const modules: Record<string, unknown> = { '@mm/interleave': interleave, '@mm/steps': steps };
  const printed: string[] = [];
  const log = (...words: unknown[]): void => void printed.push(words.join(' '));
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- the example is our own text
  new Function('require', 'exports', 'console', outputText)((name: string) => modules[name], {}, { log });
  expect(`${printed.join('\n')}\n`).toBe(output);
});

it('the README names every function and class of the package', () => {
  const called = Object.entries(interleave).filter(([, value]) => typeof value === 'function');
  expect(called.map(([name]) => name).filter((name) => !readme.includes(name))).toEqual([]);
});

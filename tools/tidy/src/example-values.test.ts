import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { compileFunction } from 'node:vm';
import ts from 'typescript';
import { expect, it } from 'vitest';

import { createMachine } from '@mm/machine';

import { read, root, rooms, sourceFiles } from './house.js';

/** `EXPRESSION; // VALUE`, with words behind a colon or comma. What goes on otherwise (`16 or 0`, `0..5`) claims no value. */
const CLAIM =
  /^(const \w+ = )?(.+); \/\/ (-?[\d_]+(?:\.\d+)?n?|0x[0-9a-f_]+n?|'[^']*'|true|false|null|\[.*\]|\{.*\})(?=$|[:,])/u;

/** An example that says what its expressions give. */
interface Example {
  readonly where: string;
  readonly text: string;
}

const examples = sourceFiles()
  .filter((file) => /^packages\/[^/]+\/src\//u.test(file) && !file.endsWith('.test.ts'))
  .flatMap((file): Example[] => {
    const text = read(file);
    return [...text.matchAll(/@example\n((?: *\*(?! @|\/).*\n)+)/gu)].map((match) => ({
      where: `${file}:${text.slice(0, match.index).split('\n').length}`,
      text: match[1]!.replaceAll(/^ *\* ?/gmu, ''),
    }));
  })
  .filter(
    ({ text }) => !/\byield\b|^import /mu.test(text) && text.split('\n').some((line) => CLAIM.test(line)),
  );

type Scope = Record<string, unknown>;

/** What each package exports, by its folder. */
async function exportsOfAll(): Promise<Map<string, Scope>> {
  const faces = rooms().filter((room) => room.startsWith('packages/'));
  const modules = await Promise.all(faces.map((room) => import(join(root, room, 'src/index.ts'))));
  return new Map(faces.map((room, i) => [room, modules[i] as Scope]));
}

/** Whether what came is what was said; a text that ends in three dots is a beginning. */
const agree = (said: unknown, came: unknown): boolean =>
  typeof said === 'string' && said.endsWith('...')
    ? String(came).startsWith(said.slice(0, -3).trimEnd())
    : isDeepStrictEqual(said, came);

/** Digits as the claim writes them: `0.92` is true of 0.9185. */
const rounded = (value: unknown, claim: string): unknown =>
  typeof value === 'number' && claim.includes('.')
    ? Number(value.toFixed(claim.split('.')[1]!.length))
    : value;

/** Runs an example up to the first thing that it does not make itself; gives what it claimed and what came. */
function run({ where, text }: Example, scope: Scope): Array<{ where: string; said: unknown; came: unknown }> {
  const claims: string[] = [];
  const source = text
    .split('\n')
    .map((line) => {
      const match = CLAIM.exec(line);
      if (match === null) return line;
      claims.push(match[3]!);
      return `${match[1] ?? ''}said(${claims.length - 1}, ${match[2]!});`;
    })
    .join('\n');
  const { outputText } = ts.transpileModule(source, { compilerOptions: { target: ts.ScriptTarget.ES2023 } });
  const names = Object.keys(scope).filter((name) => new RegExp(`\\b${name}\\b`, 'u').test(outputText));
  const found: Array<{ where: string; said: unknown; came: unknown }> = [];
  const said = (i: number, value: unknown): unknown => {
    const claim = claims[i]!;
    const expected: unknown = compileFunction(`return (${claim});`)();
    found.push({ where, said: expected, came: rounded(value, claim) });
    return value;
  };
  try {
    compileFunction(`{ ${outputText} }`, [...names, 'said'])(...names.map((name) => scope[name]), said);
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw new Error(`${where}: ${String(error)}`, { cause: error });
  }
  return found;
}

it('what examples say that an expression gives is what it gives', async () => {
  const faces = await exportsOfAll();
  const all: Scope = Object.assign({}, ...[...faces.values()].toReversed());
  const found = examples.flatMap((example) => {
    const own = faces.get(/^packages\/[^/]+/u.exec(example.where)![0])!;
    const machine = createMachine({ ramBytes: '4G', cpus: 2 });
    const { ctx } = machine.on(0);
    return run(example, { ...all, machine, ctx, ...own });
  });
  expect(found.filter(({ said, came }) => !agree(said, came))).toEqual([]);
  expect(found.length).toBeGreaterThan(60);
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

import { manifestOf, root, rooms } from './house.js';
import { faultsOf } from './type-check.js';

const configFile = join(root, 'tsconfig.json');
const { config } = ts.readConfigFile(configFile, ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);

/** The faces of packages: `.`, `./stepped`, `./fast-check` and the like, as their name and their source. */
const FACES = [
  ['', 'index.ts'],
  ['/stepped', 'stepped.ts'],
  ['/stepped', 'stepped/index.ts'],
  ['/vitest', 'vitest.ts'],
  ['/fast-check', 'fast-check.ts'],
] as const;
const libraries = rooms()
  .flatMap((room) =>
    FACES.map(([path, file]) => ({
      name: `${manifestOf(room).name}${path}`,
      face: join(root, room, 'src', file),
    })),
  )
  .filter(({ face }) => existsSync(face));

interface Export {
  readonly name: string;
  readonly from: string;
  readonly symbol: ts.Symbol;
}

const program = ts.createProgram(
  libraries.map(({ face }) => face),
  options,
);
const checker = program.getTypeChecker();
const exported: Export[] = libraries.flatMap(({ name: from, face }) => {
  const module = checker.getSymbolAtLocation(program.getSourceFile(face)!);
  if (module === undefined) return [];
  return checker.getExportsOfModule(module).map((alias) => {
    const symbol = (alias.flags & ts.SymbolFlags.Alias) === 0 ? alias : checker.getAliasedSymbol(alias);
    return { name: alias.name, from, symbol };
  });
});

const examplesOf = (symbol: ts.Symbol): string[] =>
  symbol
    .getJsDocTags(checker)
    .filter(({ name }) => name === 'example')
    .map(({ text }) => ts.displayPartsToString(text));

/** Whether an export is called or made: functions, arrow functions that stand in constants, classes. */
function isCalled(symbol: ts.Symbol): boolean {
  if ((symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class)) !== 0) return true;
  if ((symbol.flags & ts.SymbolFlags.Variable) === 0) return false;
  return checker.getTypeOfSymbol(symbol).getCallSignatures().length > 0;
}

it('every public export is documented', () => {
  const bare = exported.filter(
    ({ symbol }) => ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() === '',
  );
  expect(bare.map(({ name, from }) => `${from}: ${name}`)).toEqual([]);
});

it('every public function and class has an example', () => {
  const bare = exported.filter(({ symbol }) => isCalled(symbol) && examplesOf(symbol).length === 0);
  expect(bare.map(({ name, from }) => `${from}: ${name}`)).toEqual([]);
});

/** Names that an example takes from the packages; of two packages with one name, its own comes first. */
function importsOf(example: string, own: string): string {
  const words = new Set(example.match(/[A-Za-z_$][\w$]*/gu));
  const taken = new Map<string, Export>();
  for (const one of exported)
    if (words.has(one.name) && (!taken.has(one.name) || one.from === own)) taken.set(one.name, one);
  return [...taken.values()]
    .map(({ name, from, symbol }) => {
      const isType = (symbol.flags & ts.SymbolFlags.Value) === 0;
      return `import { ${isType ? 'type ' : ''}${name} } from '${from}';`;
    })
    .join(' ');
}

/** An example as a file. Steps that stand alone are those of some stepped function. */
function sourceOf(example: string, own: string): string {
  if (/^import /mu.test(example)) return example;
  const imports = importsOf(example, own);
  if (!/\byield\b/u.test(example) || /function\*/u.test(example))
    return `${imports}\n${example}\nexport {};\n`;
  const type = /\bSteps\b/u.test(imports) ? '' : "import type { Steps } from '@mm/steps';";
  return `${imports}${type} export function* steps(): Steps<void> {\n${example}\n}\n`;
}

it('every example of a public export type-checks, for the names that it takes from the packages', () => {
  const files = new Map<string, string>();
  // What `./stepped` exports shares its docstrings with what is erased from it, and the other faces need libraries of their own.
  for (const { name, from, symbol } of exported.filter((one) => /^@[^/]+\/[^/]+$/u.test(one.from)))
    for (const [i, example] of examplesOf(symbol).entries())
      files.set(join(root, `${from.replace(/\W/gu, '-')}-${name}-${i}.ts`), sourceOf(example, from));
  // What an example does not make itself (`machine`, `ctx`) is unknown, and of any type.
  const UNKNOWN_NAME = [2304, 2552, 18004];
  expect(faultsOf(files, UNKNOWN_NAME)).toEqual([]);
});

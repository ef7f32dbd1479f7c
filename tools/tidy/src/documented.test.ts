import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

import { root, rooms } from './house.js';

const configFile = join(root, 'tsconfig.json');
const { config } = ts.readConfigFile(configFile, ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);

const faces = rooms()
  .filter((room) => room.startsWith('packages/'))
  .map((room) => join(root, room, 'src/index.ts'))
  .filter((file) => existsSync(file));

it('every public export is documented', () => {
  const program = ts.createProgram(faces, options);
  const checker = program.getTypeChecker();
  const bare = faces.flatMap((file) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!);
    if (module === undefined) return [`${file} exports nothing`];
    return checker.getExportsOfModule(module).flatMap((symbol) => {
      const target = (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
      const text = ts.displayPartsToString(target.getDocumentationComment(checker));
      return text.trim() === '' ? [`${file.slice(root.length)}: ${symbol.name}`] : [];
    });
  });
  expect(bare).toEqual([]);
});

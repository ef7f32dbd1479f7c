import { join } from 'node:path';
import ts from 'typescript';

import { root } from './house.js';

const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);

/**
 * Type-checks texts as if they were files of the project.
 *
 * @param files text by absolute path.
 * @param tolerated codes of diagnostics that do not count.
 * @returns a line per fault: path, line, what is wrong.
 */
export function faultsOf(files: ReadonlyMap<string, string>, tolerated: readonly number[] = []): string[] {
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => files.get(file) ?? readFile(file);
  host.getSourceFile = (file, language, ...rest) =>
    files.has(file)
      ? ts.createSourceFile(file, files.get(file)!, language)
      : getSourceFile(file, language, ...rest);
  const lenient = {
    ...options,
    noUnusedLocals: false,
    noUnusedParameters: false,
    noImplicitAny: tolerated.length === 0,
  };
  const program = ts.createProgram([...files.keys()], lenient, host);
  return [...files.keys()].flatMap((file) => {
    const source = program.getSourceFile(file)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
      .filter(({ code }) => !tolerated.includes(code))
      .map(({ start = 0, messageText }) => {
        const { line } = source.getLineAndCharacterOfPosition(start);
        return `${file.slice(root.length)}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      });
  });
}

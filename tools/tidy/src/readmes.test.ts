import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

import { read, root } from './house.js';
import { faultsOf } from './type-check.js';

/** A block of a document as a file beside it, so that imports are found as they would be there. */
interface Block {
  readonly file: string;
  readonly source: string;
}

const documents = execFileSync('git', ['ls-files', '--', '*.md'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => /^(README|docs|packages|apps)/u.test(file));

function blocksOf(document: string): Block[] {
  const text = read(document);
  const found = [...text.matchAll(/^```ts\n(.*?)^```$/gmsu)];
  return found
    .filter((match) => /^import /mu.test(match[1]!))
    .map((match) => {
      const line = text.slice(0, match.index).split('\n').length;
      // Lines keep their numbers, so that a fault is found where it stands.
      return {
        file: join(root, dirname(document), `${document.replace(/\W/gu, '-')}-line-${line}.ts`),
        source: `${'\n'.repeat(line)}${match[1]}\nexport {};\n`,
      };
    });
}

it('every example in a document that imports what it needs type-checks', () => {
  const blocks = new Map(documents.flatMap(blocksOf).map(({ file, source }) => [file, source]));
  expect(blocks.size).toBeGreaterThan(5);
  expect(faultsOf(blocks)).toEqual([]);
});

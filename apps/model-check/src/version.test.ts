import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { cliInFolder } from '../test/cli-in-folder.js';

const cli = cliInFolder();
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

test.each(['--version', '-V'])('%s prints the version, whatever follows, and ends well', async (option) => {
  expect(await cli.run(option, 'run')).toBe(0);
  expect(cli.said.join('')).toMatch(
    new RegExp(`^mm-check ${version.replaceAll('.', String.raw`\.`)}(, commit \\S+)?\\s*$`, 'u'),
  );
});

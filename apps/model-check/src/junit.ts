import { writeFileSync } from 'node:fs';

import { programText } from './replay-command.js';
import type { SearchResult } from './run-system.js';

const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as an XML attribute or element may hold it; characters that XML does not know are left out. */
const escaped = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- these are the ones XML 1.0 has no place for
  text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/gu, '').replaceAll(/[&<>"]/gu, (c) => NAMED[c]!);

/**
 * Writes what a run found as JUnit XML: a test case for each system, or with `--all` for each distinct failure.
 * @example
 * writeJunit('report.xml', results);
 */
export function writeJunit(file: string, results: ReadonlyArray<readonly [string, SearchResult]>): void {
  const failures = results.filter(([, { found }]) => found !== null).length;
  const cases = results.map(([name, { found, milliseconds, counts }]) => {
    const open = `  <testcase classname="mm-check run" name="${escaped(name)}: ${counts.commands} commands" time="${(milliseconds / 1000).toFixed(3)}"`;
    if (found === null) return `${open}/>`;
    return `${open}>\n    <failure message="${escaped(found.failure)}">${escaped(programText(found))}</failure>\n  </testcase>`;
  });
  writeFileSync(
    file,
    `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="mm-check" tests="${results.length}" failures="${failures}">\n${cases.join('\n')}\n</testsuite>\n`,
  );
}

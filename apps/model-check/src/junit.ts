import { writeOutput } from './write-output.js';

const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as an XML attribute or element may hold it; characters that XML does not know are left out. */
const escaped = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- these are the ones XML 1.0 has no place for
  text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/gu, '').replaceAll(/[&<>"]/gu, (c) => NAMED[c]!);

/** A test case: a system, a scenario, or a counterexample. */
export interface JunitCase {
  readonly name: string;
  readonly seconds: number;
  /** What failed, in a line and at length. */
  readonly failure?: { readonly message: string; readonly text: string } | undefined;
  /** Why it says nothing. */
  readonly skipped?: string | undefined;
}

/**
 * Writes test cases as JUnit XML.
 * @param command what they are cases of, such as `mm-check run`.
 */
export function writeJunit(file: string, command: string, cases: readonly JunitCase[]): void {
  const failures = cases.filter(({ failure }) => failure !== undefined).length;
  const skips = cases.filter(({ skipped }) => skipped !== undefined).length;
  const elements = cases.map(({ name, seconds, failure, skipped }) => {
    const open = `  <testcase classname="${escaped(command)}" name="${escaped(name)}" time="${seconds.toFixed(3)}"`;
    if (failure !== undefined)
      return `${open}>\n    <failure message="${escaped(failure.message)}">${escaped(failure.text)}</failure>\n  </testcase>`;
    return skipped === undefined
      ? `${open}/>`
      : `${open}><skipped message="${escaped(skipped)}"/></testcase>`;
  });
  writeOutput(
    file,
    `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="mm-check" tests="${cases.length}" failures="${failures}" skipped="${skips}">\n${elements.join('\n')}\n</testsuite>\n`,
  );
}

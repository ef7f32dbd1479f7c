import { pathToFileURL } from 'node:url';

import { printTable } from './print-table.js';
import { type SampleOptions, sampleCases, serveCase } from './sample.js';
import type { BenchSuite } from './suite.js';

async function suiteOf(file: string): Promise<BenchSuite> {
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { default: BenchSuite };
  return module.default;
}

const optionsOf = (quick: boolean): SampleOptions =>
  quick ? { warmMs: 20, sampleMs: 5, samples: 3 } : { warmMs: 400, sampleMs: 25, samples: 15 };

/**
 * Times the suite in a bundled module and prints its table; `bin --case NAME full|quick CASE` is to call
 * {@link runCase}. `quick` is for a smoke test.
 */
export async function runSuite(name: string, file: string, bin: string, quick: boolean): Promise<void> {
  const suite = await suiteOf(file);
  const start = { bin, args: ['--case', name, quick ? 'quick' : 'full'] };
  console.log(printTable(name, suite, await sampleCases(suite.cases, optionsOf(quick), start)));
}

/** What the process of one case does: it answers messages with samples until it is ended. */
export async function runCase(file: string, caseName: string, quick: boolean): Promise<void> {
  const suite = await suiteOf(file);
  const one = suite.cases.find(({ name }) => name === caseName);
  if (one === undefined)
    throw new RangeError(`case: expected one of the suite, got ${JSON.stringify(caseName)}`);
  await serveCase(one, optionsOf(quick));
}

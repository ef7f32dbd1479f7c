import { pathToFileURL } from 'node:url';

import { printTable } from './print-table.js';
import { sampleCases } from './sample.js';
import type { BenchSuite } from './suite.js';

/** Times the suite in a bundled module and prints its table. `quick` is for a smoke test. */
export async function runSuite(name: string, file: string, quick: boolean): Promise<void> {
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { default: BenchSuite };
  const options = quick
    ? { warmMs: 20, sampleMs: 5, samples: 3 }
    : { warmMs: 300, sampleMs: 25, samples: 15 };
  console.log(printTable(name, module.default, sampleCases(module.default.cases, options)));
}

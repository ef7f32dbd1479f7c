import { sourceOf } from './modules.mjs';

/** Stryker's options for one group of modules. */
export function strykerOptions(group, { concurrency, report }) {
  return {
    mutate: group.modules.map((module) => sourceOf(group, module)),
    concurrency,
    testRunner: 'vitest',
    vitest: { configFile: 'tools/mutation-score/judging-tests.config.ts', related: false },
    plugins: [import.meta.resolve('@stryker-mutator/vitest-runner')],
    reporters: [process.stdout.isTTY ? 'progress' : 'progress-append-only', 'json'],
    jsonReporter: { fileName: report },
    // Tests hold the name, the value and the expectation in a message, not its every letter.
    mutator: { excludedMutations: ['StringLiteral'] },
    coverageAnalysis: 'perTest',
    tempDirName: 'node_modules/.stryker',
    cleanTempDir: 'always',
    allowConsoleColors: process.stdout.isTTY === true,
    ignorePatterns: ['docs', 'traces', 'deploy', '.turbo', '**/dist', 'tools/mutants/counterexamples'],
    warnings: { slow: false },
  };
}

import { defineConfig } from 'vitest/config';

import shared from '../../vitest.config.js';
import { GROUPS } from './src/modules.mjs';

/** The tests of the group that is being mutated: Stryker's workers are told its name in MUTATED_GROUP. */
const name = process.env['MUTATED_GROUP'];
const tests = GROUPS.filter((group) => name === undefined || group.name === name).flatMap(
  (group) => group.tests,
);

export default defineConfig({
  ...shared,
  root: new URL('../..', import.meta.url).pathname,
  test: { ...shared.test, include: tests.map((path) => `packages/${path.replace('**', '**/*')}.test.ts`) },
});

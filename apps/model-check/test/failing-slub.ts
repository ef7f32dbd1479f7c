import { type FailingExample, randomProgram, shrinkExample, subsystemOf } from '@mm/model';

/** A world in which SLUB's programs fail sooner or later: caches for DMA get memory from anywhere. */
export const FAILING_WORLD = { preset: 'arm64-2018', cpus: 2, series: 'none' } as const;

/** The first program by seed that fails there, made small: which one it is changes with the commands there are. */
export function failingSlub(): FailingExample {
  const slub = subsystemOf('slub');
  for (let seed = 1; seed <= 20; seed++) {
    const program = randomProgram(slub, seed, 1000, 2);
    const failing = shrinkExample(slub, FAILING_WORLD, { program, schedule: seed });
    if (failing !== null) return failing;
  }
  throw new Error('no program of 20 fails where the series is missing');
}

/** A run of a scenario as `mm-check explore` saves it, that failed once and holds now. */
export const SAVED_RUN = {
  format: 'mm-scenario/1',
  scenario: 'slub-free-flush',
  size: { cpus: 2, operations: 1 },
  kind: 'check failed',
  failure: 'something that was wrong once',
  schedule: [0, 3, 65, 3],
} as const;

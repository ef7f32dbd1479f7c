/** What `mm-check` says with its exit code. A fault is one of its own. */
export const ExitCode = { holds: 0, counterexample: 1, wrongUse: 2, fault: 3, interrupted: 130 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

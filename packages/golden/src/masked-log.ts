/** Log lines with what changes from run to run masked as recordings have it: CPU, task, code offsets. */
export const maskedLog = (lines: readonly string[]): string[] =>
  lines.map((line) =>
    line.replaceAll(/CPU: \d+ PID: \d+/gu, 'CPU: N PID: N').replaceAll(/\+0x[0-9a-f]+\/0x[0-9a-f]+/gu, '+X'),
  );

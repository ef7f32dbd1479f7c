import {
  type RunResult,
  SHIVIZ_PARSER,
  perfettoTrace,
  shivizLog,
  traceHtml,
  traceJson,
} from '@mm/interleave';
import type { Command } from 'commander';

import { writeOutput } from './write-output.js';

/** Files that one run is written to, as asked for. */
export interface RunOutputs {
  readonly html?: string;
  readonly trace?: string;
  readonly perfetto?: string;
  readonly shiviz?: string;
}

const OUTPUTS = ['html', 'trace', 'perfetto', 'shiviz'] as const;

/** Adds the options that write one run to files. @param which of the runs, for the help. */
export const addRunOutputs = (command: Command, which: string): Command =>
  command
    .option('--html <file>', `write ${which} as a page to step through`)
    .option('--trace <file>', `write ${which} as JSON, step by step`)
    .option('--perfetto <file>', `write ${which} for the Perfetto viewer, ui.perfetto.dev`)
    .option('--shiviz <file>', `write ${which} as a log for ShiViz`);

/** The files by option, for `outputOptions`. */
export const filesOf = (outputs: RunOutputs): Record<string, string | undefined> =>
  Object.fromEntries(OUTPUTS.map((name) => [`--${name}`, outputs[name]]));

/** How a run is headed, and what ShiViz shows as hosts. */
export interface RunShown {
  readonly title: string;
  readonly hosts: 'tasks' | 'cpus';
}

/** Writes a run in each form that was asked for. */
export function writeRunOutputs(run: RunResult, { title, hosts }: RunShown, outputs: RunOutputs): void {
  const { html, trace, perfetto, shiviz } = outputs;
  if (html !== undefined) writeOutput(html, traceHtml(run, { title }));
  if (trace !== undefined) writeOutput(trace, `${JSON.stringify(traceJson(run), null, 1)}\n`);
  if (perfetto !== undefined) writeOutput(perfetto, `${JSON.stringify(perfettoTrace(run))}\n`);
  if (shiviz === undefined) return;
  writeOutput(shiviz, `${shivizLog(run, { hosts })}\n`);
  console.log(`${shiviz}: give ShiViz the parser ${SHIVIZ_PARSER}`);
}

/** Those that were asked for, for a word about a run that there is not. */
export const askedOutputs = (outputs: RunOutputs): string[] =>
  OUTPUTS.filter((name) => outputs[name] !== undefined).map((name) => `--${name}`);

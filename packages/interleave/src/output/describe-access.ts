import { type Access, AccessKind, accessCell, accessKind } from '@mm/steps';

import type { RunResult } from '../run-schedule.js';

const KINDS = Object.keys(AccessKind);

/** An access in words, with the name of its cell: `write a`, `irqSave`; `begins` for a task's first step. */
export function describeAccess(access: Access, cell: string): string {
  if (access === 0) return 'begins';
  const kind = KINDS[accessKind(access)] ?? `kind ${accessKind(access)}`;
  return accessCell(access) === 0 ? kind : `${kind} ${cell}`;
}

/** The access of a recorded step, in words. */
export function accessOf(result: RunResult, step: number): string {
  const access = result.trace[2 * step + 1]! as Access;
  const cell = accessCell(access);
  return describeAccess(access, result.cells?.describe(cell) ?? `cell ${cell}`);
}

/** What a recorded step did, in words: its label or its access, and what it gave. */
export function describeStep(result: RunResult, step: number): string {
  const gave = result.results?.[step];
  const did = result.labels?.[step] ?? accessOf(result, step);
  return gave === undefined ? did : `${did}${gave.startsWith('ends') ? ', ' : ' = '}${gave}`;
}

/** How a run ended, in a line. */
export const outcomeOf = ({ outcome }: Pick<RunResult, 'outcome'>): string =>
  outcome.kind === 'ended' ? 'ended' : inALine(outcome.kind, outcome.error.message);

const inALine = (kind: string, message: string): string =>
  message.startsWith(`${kind}:`) ? message : `${kind}: ${message}`;

import { type CommandCount, subsystemOf } from '@mm/model';
import Table from 'cli-table3';

import type { LaneResult } from './campaign/job.js';
import type { RunResult } from './run-job.js';

type Row = LaneResult<RunResult>;

/** Commands a second on one core. */
function rate({ counts, milliseconds }: RunResult['sequence']): string {
  return counts.commands === 0
    ? '-'
    : String(Math.round((counts.commands * 1000) / Math.max(1, milliseconds)));
}

/** What was counted of each command, in sequences and interleaved. */
function byCommand({ result: { sequence, interleaved } }: Row): CommandCount[] {
  return sequence.counts.byCommand.map((count, i) => {
    const other = interleaved.counts.byCommand[i]!;
    return {
      name: count.name,
      chosen: count.chosen + other.chosen,
      enabled: count.enabled + other.enabled,
      ran: count.ran + other.ran,
      failed: count.failed + other.failed,
    };
  });
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${Math.floor((part * 1000) / whole) / 10}%`;

function verdict({ end, result }: Row): string {
  if (result.broken.length > 0) return 'FAILS';
  return end === 'interrupted' || end === 'not begun' ? end : 'holds';
}

/** A row for each system, how often each command was chosen, enabled (then it counts, everywhere) and ran, and those that never were. */
export function describeRun(lanes: readonly Row[]): string {
  const table = new Table({
    head: [
      'system',
      'runs',
      'chosen',
      'commands',
      'enabled',
      'ran',
      'steps',
      'checks',
      'erased/s',
      'interleaved/s',
      'verdict',
    ],
    style: { head: [], border: [] },
    colAligns: ['left', ...Array.from({ length: 9 }, () => 'right' as const), 'left'],
  });
  for (const lane of lanes) {
    const { sequence, interleaved } = lane.result;
    const counts = byCommand(lane);
    const sum = (field: 'chosen' | 'enabled' | 'ran'): number =>
      counts.reduce((total, count) => total + count[field], 0);
    table.push([
      lane.name,
      sequence.counts.runs + interleaved.counts.runs,
      sum('chosen'),
      sequence.counts.commands + interleaved.counts.commands,
      percent(sum('enabled'), sum('chosen')),
      percent(sum('ran'), sum('chosen')),
      interleaved.counts.transitions,
      sequence.counts.checks + interleaved.counts.checks,
      rate(sequence),
      rate(interleaved),
      verdict(lane),
    ]);
  }
  return [table.toString(), ...lanes.flatMap(commandLines), ...lanes.flatMap(neverLines)].join('\n');
}

function commandLines(lane: Row): string[] {
  const counts = byCommand(lane);
  if (counts.every(({ chosen }) => chosen === 0)) return [];
  const each = counts.map(({ name, enabled, ran, failed }) => {
    const refused = failed === 0 ? '' : `, ${failed} refused`;
    return enabled === ran ? `${name} ${ran}${refused}` : `${name} ${ran} of ${enabled}${refused}`;
  });
  return [`${lane.name}, ran of enabled: ${each.join('; ')}`];
}

/** A green run that never did something says nothing of it. */
function neverLines(lane: Row): string[] {
  const counts = byCommand(lane);
  const lines: string[] = [];
  const say = (what: string, names: readonly string[]): void => {
    if (names.length > 0) lines.push(`${lane.name}: ${what}: ${names.join(', ')}`);
  };
  const never = (holds: (count: CommandCount) => boolean): string[] =>
    counts.filter(holds).map(({ name }) => name);
  say(
    'never chosen',
    never(({ chosen }) => chosen === 0),
  );
  say(
    'never enabled',
    never(({ chosen, enabled }) => chosen > 0 && enabled === 0),
  );
  say(
    'enabled, but never found anything to do',
    never(({ enabled, ran }) => enabled > 0 && ran === 0),
  );
  return lines;
}

/** When the invariants of a system are looked at: for the help, and for those who doubt. */
export function describeInvariants(name: string): string {
  const { command, local, whole } = subsystemOf(name).invariants;
  const list = (when: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`${name}: ${when}:`, ...names.map((invariant) => `  ${invariant}`)];
  return [
    ...list('by the commands, each against the model', command),
    ...list('after every command', local),
    ...list('whole structures, at intervals and at the end', whole),
  ].join('\n');
}

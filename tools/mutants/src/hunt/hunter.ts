import { playCheck } from './check-hunt.js';
import type { Failure, Finding, Hunt, HuntReport, ScenarioHunt } from './hunt.js';
import { playProgram, programOf, replayProgram, shrinkFinding } from './program-hunt.js';
import { exploreScenario, replayScenario } from './scenario-hunt.js';

/** Milliseconds between two reports, unless a single execution takes longer. */
const REPORT_MS = 50;

type Report = (report: HuntReport) => void;
type Sampled = Exclude<Hunt, ScenarioHunt>;
interface Found {
  readonly finding: Finding;
  readonly failure: Failure;
}

/** What the next execution of a hunt is, before it is made. */
function next(hunt: Sampled, execution: number, seed: number): Finding {
  if (hunt.by === 'program') return programOf(hunt, execution, seed);
  return { by: 'check', name: hunt.name, seed };
}

function play(finding: Finding, beat: () => void): Found | null {
  if (finding.by === 'scenario') throw new Error('scenarios are explored');
  if (finding.by === 'check') {
    const failure = playCheck(finding.name, finding.seed);
    return failure === null ? null : { finding, failure };
  }
  if (playProgram(finding) === null) return null;
  const shortest = shrinkFinding(finding, beat);
  const failure = playProgram(shortest);
  return failure === null ? null : { finding: shortest, failure };
}

/** A report of what is under way, at most every so often. */
class Beat {
  executions = 0;
  finding: Finding = { by: 'check', name: '', seed: 0 };
  #last = 0;
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  readonly beat = (): void => {
    if (Date.now() - this.#last < REPORT_MS) return;
    this.#last = Date.now();
    this.#report({ kind: 'at', executions: this.executions, finding: this.finding });
  };
}

/**
 * Explores the scenarios among the hunts, each for its share of the time; then makes executions of the others in turns, until
 * one fails or the time is over.
 */
export function huntAll(hunts: readonly Hunt[], seed: number, milliseconds: number, report: Report): void {
  const began = Date.now();
  const left = (): number => milliseconds - (Date.now() - began);
  const state = new Beat(report);
  const scenarios = hunts.filter((one) => one.by === 'scenario');
  const sampled = hunts.filter((one): one is Sampled => one.by !== 'scenario');
  let found: Found | null = null;
  for (const [i, one] of scenarios.entries()) {
    if (found !== null) break;
    state.finding = { by: 'scenario', name: one.name, size: 0, schedule: [] };
    const share = left() / (scenarios.length - i + (sampled.length > 0 ? 1 : 0));
    const { executions, finding, failure } = exploreScenario(one, share, state.beat);
    state.executions += executions;
    if (finding !== null && failure !== null) found = { finding, failure };
  }
  for (let i = 0; sampled.length > 0 && found === null && left() > 0; i++) {
    const turn = Math.floor(i / sampled.length);
    state.finding = next(sampled[i % sampled.length]!, turn, seed + turn);
    state.executions++;
    state.beat();
    found = play(state.finding, state.beat);
  }
  const { finding = null, failure = null } = found ?? {};
  report({ kind: 'done', executions: state.executions, milliseconds: Date.now() - began, finding, failure });
}

/** Plays a finding again, and other schedules of the same if `others`; its failure, or null. */
export function replay(finding: Finding, others: boolean, report: Report): Failure | null {
  if (finding.by === 'program') return replayProgram(finding, others);
  if (finding.by === 'check') return playCheck(finding.name, finding.seed);
  const state = new Beat(report);
  state.finding = finding;
  return replayScenario(finding, others, state.beat);
}

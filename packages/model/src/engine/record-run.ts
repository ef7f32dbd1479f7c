import { type Choice, type RunResult, choiceTask } from '@mm/interleave';
import { type Access, AccessKind, type CellSpace } from '@mm/steps';

import { type Answer, NOTHING_TO_DO, type Op, type Subsystem, type WorldOptions } from '../subsystem.js';
import { checkExample, checkRun } from './check-arguments.js';
import { type Example, runExample } from './example.js';
import type { Failure } from './failure.js';
import type { RunWatch } from './run-watch.js';

/** A run that can be shown: `formatTrace(shown.result)`. */
export interface RecordedRun {
  readonly failure: Failure | null;
  /** A column for each CPU, operations by name, answers, and what each step changed. */
  readonly result: RunResult;
  /** The first step at which a given schedule could not be followed, or -1. */
  readonly leftAt: number;
  /** By step, in words that do not depend on the numbers of cells: what was done. To compare runs of changed code. */
  readonly steps: readonly string[];
}

/** An answer in words, as an end of `name(...)`. */
function answerText<W>(subsystem: Subsystem<W>, op: Op, answer: Answer, enabled: boolean): string {
  if (!enabled) return 'is not enabled';
  if (answer === undefined) return 'done';
  if (answer === NOTHING_TO_DO) return 'has nothing to do';
  if (answer === null) return '= null';
  return `= ${subsystem.commands[op.command]!.describeAnswer?.(answer) ?? answer}`;
}

const ACCESS_KINDS = Object.keys(AccessKind);

class Recorder<W> implements RunWatch<W> {
  readonly trace: number[] = [];
  readonly changes: string[][] = [];
  readonly labels: Array<string | undefined> = [];
  readonly steps: string[] = [];
  cells: CellSpace | undefined;
  readonly #subsystem: Subsystem<W>;
  readonly #program: readonly Op[];
  #world: W | undefined;
  #state: Readonly<Record<string, string | number>> = {};
  #ended: string | undefined;

  constructor(subsystem: Subsystem<W>, program: readonly Op[]) {
    this.#subsystem = subsystem;
    this.#program = program;
  }

  begin(world: W, cells: CellSpace | undefined): void {
    this.#world = world;
    this.cells = cells;
    this.#state = this.#describe();
  }

  step(choice: Choice, access: Access | undefined): void {
    const op = choiceTask(choice);
    const did = [
      ...(access === undefined || access === 0 ? [] : [this.#accessText(access)]),
      ...(this.#ended === undefined ? [] : [this.#ended]),
    ];
    this.trace.push(choice, access ?? 0);
    // A first step that does not end the operation is its beginning.
    this.labels.push(did.length === 0 ? undefined : did.join(', '));
    this.steps.push(`${op} ${did.length === 0 ? 'begins' : did.join(', ')}`);
    this.#ended = undefined;
    this.changes.push(this.#changed());
  }

  ended(op: number, answer: Answer, enabled: boolean): void {
    this.#ended = answerText(this.#subsystem, this.#program[op]!, answer, enabled);
  }

  /** The last step is the one that breaks an invariant. */
  mark(invariant: string): void {
    const at = this.labels.length - 1;
    if (at < 0) return;
    const did = this.labels[at] === undefined ? '' : `${this.labels[at]}, `;
    this.labels[at] = `${did}BREAKS: ${invariant}`;
    this.steps[at] += `, breaks: ${invariant}`;
  }

  #accessText(access: Access): string {
    const kind = ACCESS_KINDS[access & 15] ?? `kind ${access & 15}`;
    const cell = access >>> 4;
    return cell === 0 ? kind : `${kind} ${this.cells?.describe(cell) ?? `cell ${cell}`}`;
  }

  #changed(): string[] {
    const now = this.#describe();
    const names = new Set([...Object.keys(this.#state), ...Object.keys(now)]);
    const changed = [...names]
      .filter((name) => this.#state[name] !== now[name])
      .map((name) => `${name}: ${this.#state[name] ?? '-'} -> ${now[name] ?? '-'}`);
    this.#state = now;
    return changed;
  }

  /** In the middle of commands structures may be in no state to be described. */
  #describe(): Readonly<Record<string, string | number>> {
    try {
      return this.#subsystem.describeState(this.#world!);
    } catch {
      return this.#state;
    }
  }
}

/**
 * Runs an example and records it so that it can be shown. Whole structures are looked at after every command.
 *
 * @example
 * const shown = recordRun(buddySubsystem, { cpus: 2 }, { program, schedule: 7 });
 * console.log(formatTrace(shown.result));
 */
export function recordRun<W>(subsystem: Subsystem<W>, options: WorldOptions, example: Example): RecordedRun {
  checkExample(example);
  checkRun(subsystem, options, example.program);
  const recorder = new Recorder(subsystem, example.program);
  const run = runExample(subsystem, options, example, { record: true, careful: true, watch: recorder });
  const { failure } = run;
  if (failure !== null) recorder.mark(failure.invariant);
  const { trace, changes, labels, steps, cells } = recorder;
  return {
    failure,
    leftAt: run.leftAt,
    steps,
    result: {
      outcome: failure === null ? { kind: 'ended' } : { kind: 'check failed', error: failure.error },
      schedule: Array.isArray(run.example.schedule) ? run.example.schedule : [],
      steps: trace.length / 2,
      trace,
      names: example.program.map((op, i) => `#${i} ${subsystem.commands[op.command]!.name}`),
      cells,
      changes,
      labels,
    },
  };
}

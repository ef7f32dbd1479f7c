import { expectArray, expectObject, expectOptions, expected } from '../expected.js';
import type { Call } from './history.js';

/** What operations do one after the other: the object that a concurrent one must look like. */
export interface SequentialModel<S, I, O> {
  readonly initial: () => S;
  /** The state after an operation that gave `output`; undefined when it cannot have given that. Must not change `state`. */
  readonly apply: (state: S, input: I, output: O) => S | undefined;
  /** The state after an operation of which nobody has seen the output. Default: it has not happened. */
  readonly applyUnanswered?: (state: S, input: I) => S;
  /** Equal for equal states. Default: `JSON.stringify`. */
  readonly keyOf?: (state: S) => string;
  /** Operations of different parts do not touch: each part is checked alone. Default: one part. */
  readonly partOf?: (input: I) => string | number;
}

/** Whether a history is linearizable, and what shows it. */
export type Linearization<I, O> =
  | {
      readonly linearizable: true;
      /** The calls in an order that explains all answers, part by part. */
      readonly order: ReadonlyArray<Call<I, O>>;
    }
  | {
      readonly linearizable: false;
      /** The longest order that explains some. */
      readonly order: ReadonlyArray<Call<I, O>>;
      /** The calls that could come next, each of which contradicts the state that the order leads to. */
      readonly stuck: ReadonlyArray<Call<I, O>>;
    };

/**
 * Looks for an order of the calls that one after the other would have given the same answers, and in which a call that
 * was answered before another was made comes first.
 *
 * @throws RangeError for what is no history or model.
 * @see Wing and Gong: Testing and verifying concurrent objects, 1993; Lowe: Testing for linearizability, 2017
 * @example
 * const counter = { initial: () => 0, apply: (n: number, _input: 'add', seen: number) => (seen === n ? n + 1 : undefined) };
 * checkLinearizable(history.calls, counter).linearizable; // true
 */
export function checkLinearizable<S, I, O>(
  calls: ReadonlyArray<Call<I, O>>,
  model: SequentialModel<S, I, O>,
): Linearization<I, O> {
  checkCalls(calls);
  expectObject('model', model);
  for (const field of ['initial', 'apply'] as const)
    if (typeof model[field] !== 'function') throw expected(`model.${field}`, 'a function', model[field]);
  expectOptions(model, MODEL, 'model');
  const parts = new Map<string | number, Array<Call<I, O>>>();
  for (const call of calls) {
    const part = model.partOf?.(call.input) ?? '';
    const its = parts.get(part);
    if (its === undefined) parts.set(part, [call]);
    else its.push(call);
  }
  const order: Array<Call<I, O>> = [];
  for (const part of parts.values()) {
    const result = new Ordering(part, model).search();
    if (!result.linearizable) return result;
    order.push(...result.order);
  }
  return { linearizable: true, order };
}

const MODEL = { applyUnanswered: 'function', keyOf: 'function', partOf: 'function' } as const;

function checkCalls(calls: ReadonlyArray<Call<unknown, unknown>>): void {
  expectArray('calls', calls);
  for (const [i, call] of calls.entries()) {
    expectObject(`calls[${i}]`, call);
    for (const [field, at] of Object.entries({ calledAt: call.calledAt, answeredAt: call.answeredAt ?? 0 }))
      if (!Number.isFinite(at)) throw expected(`calls[${i}].${field}`, 'a time', at);
  }
}

/**
 * Answers of a history contradict every order of its calls.
 * @example
 * if (error instanceof LinearizabilityError) console.log(error.message);
 */
export class LinearizabilityError extends Error {
  override readonly name = 'LinearizabilityError';
}

/**
 * {@link checkLinearizable} for a scenario's `check`.
 * @throws LinearizabilityError that shows the longest order that explains some answers, and what cannot follow.
 * @example
 * const check = () => expectLinearizable(history.calls, model);
 */
export function expectLinearizable<S, I, O>(
  calls: ReadonlyArray<Call<I, O>>,
  model: SequentialModel<S, I, O>,
): void {
  const result = checkLinearizable(calls, model);
  if (result.linearizable) return;
  const shown = (call: Call<I, O>): string =>
    `client ${call.client}: ${inWords(call.input)} -> ${call.answeredAt === undefined ? 'unanswered' : inWords(call.output)}`;
  const order = result.order.map((call) => `  ${shown(call)}`);
  const stuck = result.stuck.map((call) => `  ${shown(call)}`);
  throw new LinearizabilityError(
    [
      'not linearizable: after',
      ...(order.length === 0 ? ['  nothing'] : order),
      'none of these can be:',
      ...stuck,
    ].join('\n'),
  );
}

const inWords = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');

/** The search over one part: depth first, remembering which sets of calls have led to which states. */
class Ordering<S, I, O> {
  readonly #calls: ReadonlyArray<Call<I, O>>;
  readonly #model: SequentialModel<S, I, O>;
  readonly #keyOf: (state: S) => string;
  readonly #done: Uint8Array;
  readonly #seen = new Set<string>();
  readonly #order: number[] = [];
  #longest: number[] = [];
  #stuck: number[] = [];

  constructor(calls: ReadonlyArray<Call<I, O>>, model: SequentialModel<S, I, O>) {
    this.#calls = calls;
    this.#model = model;
    this.#keyOf = model.keyOf ?? ((state) => JSON.stringify(state));
    this.#done = new Uint8Array(calls.length);
  }

  search(): Linearization<I, O> {
    const pick = (indexes: readonly number[]): Array<Call<I, O>> => indexes.map((i) => this.#calls[i]!);
    this.#stuck = this.#next();
    // Each frame of the stack: the state, and the calls that may still come next in it.
    const stack = [{ state: this.#model.initial(), open: this.#next() }];
    while (stack.length > 0) {
      if (this.#isExplained()) return { linearizable: true, order: pick(this.#order) };
      const frame = stack.at(-1)!;
      const call = frame.open.shift();
      if (call === undefined) {
        stack.pop();
        const last = this.#order.pop();
        if (last !== undefined) this.#done[last] = 0;
        continue;
      }
      const state = this.#apply(frame.state, call);
      if (state === undefined) continue;
      this.#done[call] = 1;
      const key = `${this.#done.join('')} ${this.#keyOf(state)}`;
      if (this.#seen.has(key)) {
        this.#done[call] = 0;
        continue;
      }
      this.#seen.add(key);
      this.#order.push(call);
      if (this.#order.length > this.#longest.length) {
        this.#longest = [...this.#order];
        this.#stuck = this.#next();
      }
      stack.push({ state, open: this.#next() });
    }
    return { linearizable: false, order: pick(this.#longest), stuck: pick(this.#stuck) };
  }

  #apply(state: S, index: number): S | undefined {
    const { input, output, answeredAt } = this.#calls[index]!;
    if (answeredAt === undefined) return this.#model.applyUnanswered?.(state, input);
    return this.#model.apply(state, input, output as O);
  }

  /** All answered calls have their place. */
  #isExplained(): boolean {
    return this.#calls.every((call, i) => this.#done[i] === 1 || call.answeredAt === undefined);
  }

  /** The calls that no other call that is left was answered before. */
  #next(): number[] {
    let firstAnswer = Infinity;
    this.#calls.forEach((call, i) => {
      if (this.#done[i] === 0) firstAnswer = Math.min(firstAnswer, call.answeredAt ?? Infinity);
    });
    const open: number[] = [];
    this.#calls.forEach((call, i) => {
      if (this.#done[i] === 0 && call.calledAt < firstAnswer) open.push(i);
    });
    return open;
  }
}

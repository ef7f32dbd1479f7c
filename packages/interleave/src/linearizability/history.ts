import { type Cell, CellSpace, type Steps, compound, write } from '@mm/steps';

import { expectInteger, expectObject, expected } from '../expected.js';

/** One call of an operation: when it was made and when it was answered, in events of its history. */
export interface Call<I, O> {
  /** The client that made it, from 0: one call at a time each. */
  readonly client: number;
  readonly input: I;
  readonly calledAt: number;
  /** undefined while it has not been answered. */
  readonly answeredAt: number | undefined;
  readonly output: O | undefined;
}

/** The cells by which a {@link History} announces calls and answers. Claimed once, like all cells. */
export interface HistoryCells {
  readonly clients: number;
  /** What a call touches: it reads that which answers write. */
  readonly called: Cell;
  /** What the answer to client c writes: `answered + c`. */
  readonly answered: Cell;
}

/**
 * Claims the cells of histories. An answer and a later call of another client are then dependent steps, so a search that
 * leaves out equivalent runs keeps each order of the two; two calls, or two answers, are not.
 *
 * @param clients tasks that make calls.
 * @throws RangeError when `clients` is not an integer from 1 to 2^16, or there are not so many cells left.
 * @example
 * const historyCells = claimHistory(cells, 2);
 */
export function claimHistory(cells: CellSpace, clients: number): HistoryCells {
  if (!(cells instanceof CellSpace)) throw expected('cells', 'a CellSpace', cells);
  expectInteger('clients', clients, 1, 2 ** 16);
  const answered = cells.claim('history.answered', clients);
  const reads = Array.from({ length: clients }, (_, client) => answered + client);
  return { clients, answered, called: cells.claimCompound('history.called', { reads, writes: [] }) };
}

/**
 * What was called and answered in one run, in order.
 *
 * @example
 * const history = new History<'pop', number | null>(historyCells);
 * const popped = yield* history.record(0, 'pop', pop(stack));
 */
export class History<I, O> {
  readonly #cells: HistoryCells;
  readonly #calls: Array<Call<I, O>> = [];
  #events = 0;

  /** @throws RangeError for what `claimHistory` has not given. */
  constructor(cells: HistoryCells) {
    expectObject('cells', cells);
    for (const field of ['clients', 'called', 'answered'] as const)
      expectInteger(`cells.${field}`, cells[field], 1);
    this.#cells = cells;
  }

  /** The calls, in the order in which they were made. */
  get calls(): ReadonlyArray<Call<I, O>> {
    return this.#calls;
  }

  /**
   * Makes an operation in steps, as client `client`, and keeps what it was given and what it answered.
   * @throws RangeError for a client that was not claimed.
   */
  *record(client: number, input: I, operation: Steps<O>): Steps<O> {
    this.#checkClient(client);
    if (typeof (operation as Partial<Steps<O>> | null)?.next !== 'function')
      throw expected('operation', 'what a stepped function returns', operation);
    yield compound(this.#cells.called);
    const call = this.call(client, input);
    const output = yield* operation;
    yield write(this.#cells.answered + client);
    this.answer(call, output);
    return output;
  }

  /**
   * Notes a call that is made now; returns its number. For operations that are not written in steps.
   * @throws RangeError for a client that was not claimed.
   */
  call(client: number, input: I): number {
    this.#checkClient(client);
    const calledAt = this.#events++;
    return this.#calls.push({ client, input, calledAt, answeredAt: undefined, output: undefined }) - 1;
  }

  /** Notes that the call of that number is answered now. @throws RangeError when it is not waiting for an answer. */
  answer(call: number, output: O): void {
    const made = this.#calls[call];
    if (made === undefined || made.answeredAt !== undefined)
      throw expected('call', 'the number of a call that has not been answered', call);
    this.#calls[call] = { ...made, answeredAt: this.#events++, output };
  }

  #checkClient(client: number): void {
    if (!Number.isInteger(client) || client < 0 || client >= this.#cells.clients)
      throw expected('client', `0..${this.#cells.clients - 1}`, client);
  }
}

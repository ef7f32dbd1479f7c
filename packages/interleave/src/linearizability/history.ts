import { type Cell, CellSpace, type Steps, compound, write } from '@mm/steps';

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
 * @throws RangeError when `clients` is not a positive integer.
 * @example
 * const historyCells = claimHistory(cells, 2);
 */
export function claimHistory(cells: CellSpace, clients: number): HistoryCells {
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

  constructor(cells: HistoryCells) {
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
    if (!Number.isInteger(client) || client < 0 || client >= this.#cells.clients)
      throw new RangeError(`client: expected 0..${this.#cells.clients - 1}, got ${client}`);
    yield compound(this.#cells.called);
    const call = this.call(client, input);
    const output = yield* operation;
    yield write(this.#cells.answered + client);
    this.answer(call, output);
    return output;
  }

  /** Notes a call that is made now; returns its number. For operations that are not written in steps. */
  call(client: number, input: I): number {
    const calledAt = this.#events++;
    return this.#calls.push({ client, input, calledAt, answeredAt: undefined, output: undefined }) - 1;
  }

  /** Notes that the call of that number is answered now. */
  answer(call: number, output: O): void {
    const made = this.#calls[call];
    if (made === undefined || made.answeredAt !== undefined)
      throw new RangeError(`call: expected the number of a call that has not been answered, got ${call}`);
    this.#calls[call] = { ...made, answeredAt: this.#events++, output };
  }
}

/** Redraws at most ten times a second on a terminal, and prints a plain line every ten seconds elsewhere. */
const REDRAW_MS = 100;
const PLAIN_MS = 10_000;

/** One progress line on standard error: redrawn on a terminal, a plain line now and then in CI. */
export class Progress {
  readonly #unit: string;
  readonly #total: number;
  readonly #terminal = process.stderr.isTTY === true;
  #done = 0;
  #last = Date.now();

  /** @param total how many units there are; 0 when unknown. */
  constructor(unit: string, total: number) {
    this.#unit = unit;
    this.#total = total;
  }

  /** Counts `by` more and shows what is going on. */
  advance(doing: string, by = 1): void {
    this.#done += by;
    const now = Date.now();
    if (now - this.#last < (this.#terminal ? REDRAW_MS : PLAIN_MS)) return;
    this.#last = now;
    const of = this.#total === 0 ? '' : ` of ${this.#total}`;
    const line = `${doing}: ${this.#done}${of} ${this.#unit}`;
    process.stderr.write(
      this.#terminal ? `\r\u001b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}` : `${line}\n`,
    );
  }

  /** Prints lines to standard output without tearing the progress line. */
  print(text: string): void {
    this.end();
    console.log(text);
  }

  /** Takes the progress line away. */
  end(): void {
    if (this.#terminal) process.stderr.write('\r\u001b[K');
  }
}

import type { Subsystem, WorldOptions } from '../subsystem.js';

/**
 * The world of the last run that held, for the next one: made new, where the subsystem can do that and the options are the
 * same. A world in which something broke is not given back.
 *
 * @example
 * const worlds = new Worlds(buddySubsystem);
 * runExample(buddySubsystem, { cpus: 2 }, { program, schedule: 1 }, { worlds });
 */
export class Worlds<W> {
  readonly #subsystem: Subsystem<W>;
  /** The options of {@link #last}, as text. */
  #options = '';
  #last: W | undefined;
  #renew: (() => void) | undefined;
  #free = false;

  constructor(subsystem: Subsystem<W>) {
    this.#subsystem = subsystem;
  }

  /** A fresh world, until it is given back nobody else's. */
  take(options: WorldOptions): W {
    const text = JSON.stringify(options);
    if (this.#free && text === this.#options) {
      this.#free = false;
      this.#renew!();
      return this.#last!;
    }
    const world = this.#subsystem.setup(options);
    this.#options = text;
    this.#last = world;
    this.#renew = this.#subsystem.renewal?.(world);
    this.#free = false;
    return world;
  }

  /** The run in this world has ended, and all held. */
  giveBack(world: W): void {
    this.#free = world === this.#last && this.#renew !== undefined;
  }
}

import type { Choice } from '@mm/interleave';
import type { Access, CellSpace } from '@mm/steps';

import type { Answer } from '../subsystem.js';
import type { Worlds } from './worlds.js';

/**
 * Looks at a run as it goes, to show it. A choice names an operation by its index where a schedule of tasks names a task.
 */
export interface RunWatch<W> {
  /** The world is set up; nothing has been done. */
  begin(world: W, cells: CellSpace | undefined): void;
  /** A step has been made. A sequential run makes one for each operation, without an access. */
  step(choice: Choice, access: Access | undefined): void;
  /** An operation has ended; its last step is reported next. `undefined`: it was not enabled. */
  ended(op: number, answer: Answer, enabled: boolean): void;
}

/** What a run takes beside program and options. */
export interface RunExtras<W> {
  /** Whole structures are looked at after every command, not at intervals. Default false. */
  readonly careful?: boolean | undefined;
  readonly watch?: RunWatch<W> | undefined;
  /** Told which operation goes on, by its index, whenever that is another: for who watches from outside whether a run has an end. */
  readonly onTurn?: ((op: number) => void) | undefined;
  /** Where the world comes from and goes to when all held. Default: one is set up for the run. */
  readonly worlds?: Worlds<W> | undefined;
}

import type { z } from 'zod';

/** A row of units that are done in order: for `run` a subsystem, for `explore` a scenario. */
export interface Lane {
  readonly name: string;
  /** Units at most. */
  readonly units: number;
  /** Milliseconds at most, of all threads of this process together; Infinity: no limit. */
  readonly milliseconds: number;
}

/** How a lane ended. */
export const LANE_ENDS = ['complete', 'time', 'found', 'interrupted', 'not begun'] as const;
export type LaneEnd = (typeof LANE_ENDS)[number];

/** What is known of a lane. */
export interface LaneResult<R> {
  readonly name: string;
  readonly end: LaneEnd;
  /** Units that count: all of the shard before the last. */
  readonly units: number;
  /** Milliseconds that it took. */
  readonly spentMs: number;
  readonly result: R;
}

/**
 * What a campaign does, cut into units that any thread of any machine can do and that come to the same wherever and
 * whenever they are done. Options and results are JSON values: they go to threads, into checkpoints and reports.
 */
export interface Job<O, R> {
  /** Its name in checkpoints and reports, and for threads. */
  readonly name: string;
  /** What a result that comes from a file must look like. */
  readonly schema: z.ZodType<R>;
  /** What is to be done, in order. */
  readonly lanes: (options: O) => readonly Lane[];
  /** Does one unit of a lane, 0..units-1. Of a long one `beat` says that its next part begins, by number: the time of that is watched. */
  readonly runUnit: (options: O, lane: string, unit: number, beat: (part: number) => void) => R | Promise<R>;
  /** The result of a unit that had no end in time, which is a failure of what it runs. Without this such a unit is a fault of ours. */
  readonly stalled?: (options: O, stall: Stall<O, R>) => Promise<R>;
  /** The result of no unit. */
  readonly empty: (options: O, lane: string) => R;
  /** The result of both. Associative; `earlier` is of units before those of `later`, or of another shard. */
  readonly merge: (options: O, lane: string, earlier: R, later: R) => R;
  /** Whether a unit found what ends the campaign. */
  readonly ends: (options: O, result: R) => boolean;
  /** What was found, a line each; none: all holds. */
  readonly failures: (result: R) => readonly string[];
  /** Results as a table, and what else there is to say of them. */
  readonly describe: (options: O, lanes: readonly LaneResult<R>[]) => string;
  /** How much was done, for the progress line, such as commands. */
  readonly amount: (result: R) => number;
  /** What that counts. */
  readonly unitOfAmount: string;
}

/** A unit that had no end in time. */
export interface Stall<O, R> {
  readonly lane: string;
  readonly unit: number;
  readonly limitMs: number;
  /** The part that had none, as it said by its beat; 0: the first. */
  readonly part: number;
  /** Tries unit 0 of the lane under other options, in a thread of its own. */
  readonly attempt: (options: O, limitMs: number) => Promise<Attempt<R>>;
}

/** What an attempt came to: a result, or the part that had no end. */
export type Attempt<R> = { readonly result: R } | { readonly endlessPart: number };

/** A job whose options and results nobody looks into. */
export type AnyJob = Job<unknown, unknown>;

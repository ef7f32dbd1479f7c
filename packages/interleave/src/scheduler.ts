import type { Interleaver } from './interleaver.js';

/**
 * A decision: the task that makes the next step and the CPU that it makes it on, as one integer,
 * `task * 64 + cpu`.
 */
export type Choice = number;

/** At most 64 CPUs. */
export const CPUS_MAX = 64;

/**
 * Packs a {@link Choice}.
 * @param task slot, 0..2^25 - 1.
 * @param cpu 0..63.
 * @example
 * choiceOf(2, 1); // 129: task 2 makes its step on CPU 1
 */
export const choiceOf = (task: number, cpu: number): Choice => (task << 6) | cpu;
/**
 * The task of a {@link Choice}.
 * @example
 * choiceTask(choiceOf(2, 1)); // 2
 */
export const choiceTask = (choice: Choice): number => choice >>> 6;
/**
 * The CPU of a {@link Choice}.
 * @example
 * choiceCpu(choiceOf(2, 1)); // 1
 */
export const choiceCpu = (choice: Choice): number => choice & 63;

/**
 * Decides who makes the next step. Asked once before every step, while tasks are live. What it returns
 * must be one of {@link Interleaver.enabled}, or -1 when there is none: a deadlock.
 */
export interface Scheduler {
  /** It has asked `canRun` or `canGoOn` about what it returns, so that `run` need not ask again: 3 of 50 ns a step. */
  readonly asksFirst?: boolean;
  choose(tasks: Interleaver): Choice;
}

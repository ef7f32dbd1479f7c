import type { V7sBehaviour } from '@iommu/v7s-pgtable';
import type { MachineOptions } from '@mm/machine';
import type { CellSpace, Context, Steps } from '@mm/steps';

/** The sources of level 2 tables. */
export const TABLES_NAMES = ['slab', 'page', 'page-frag', 'genalloc'] as const;
/** One of them. */
export type TablesName = (typeof TABLES_NAMES)[number];

/** Options that put faults into a world; a {@link Subsystem} says which of them it has a use for. */
export const FAULT_OPTIONS = ['faults', 'failslab', 'corrupt'] as const;
/** One of them. */
export type FaultOption = (typeof FAULT_OPTIONS)[number];

/** The machine options that a run may vary. A machine is strict unless `strict` says otherwise. */
export interface WorldOptions extends Pick<
  MachineOptions,
  | 'preset'
  | 'cpus'
  | 'series'
  | 'ramBytes'
  | 'strict'
  | 'slab'
  | 'debugSlab'
  | 'cmdline'
  | 'pageblockOrder'
  | 'randomFreelist'
  | 'hardenedFreelist'
  | 'faults'
  | 'failslab'
> {
  /** Of the page table: with the live bugs of Linux 6.1 or without. Default `corrected`. */
  readonly behaviour?: V7sBehaviour;
  /** Where the page table's level 2 tables come from. Default `slab`: a cache of the machine's slab allocator. */
  readonly tables?: TablesName;
  /** Programs also write into free objects. Default: those of some seeds, where seeds choose; else false. */
  readonly corrupt?: boolean;
  /** Which of the shapes of page table that the model knows. Default 0: all page sizes, 32 bits, no quirks. */
  readonly shape?: number;
}

/**
 * One operation of a program. `a` and `b` are random integers of 0..2^30-1; a command reads what it needs from
 * them, so that any part of a program is a program.
 */
export interface Op {
  /** Index into the subsystem's commands. */
  readonly command: number;
  /** The CPU that does it. */
  readonly cpu: number;
  readonly a: number;
  readonly b: number;
}

/** What a command answers when it found, once begun, that it has nothing to do. */
export const NOTHING_TO_DO = 'nothing to do';

/**
 * What an operation came to, for counts and for runs that are shown: a page, an address, a count or an errno, `null` where the
 * kernel answers none, nothing where there is nothing to say.
 */
export type Answer = number | null | typeof NOTHING_TO_DO | void;

/** An operation that can be done to a world and its model at once. */
export interface Command<W> {
  readonly name: string;
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  /** Whether it can be done now. */
  readonly enabled: (world: W) => boolean;
  /** Does it at full speed and holds the answer against the model. @throws ModelViolation */
  readonly run: (world: W, ctx: Context, op: Op) => Answer;
  /** The same, pausing at every access to shared state. */
  readonly steps: (world: W, ctx: Context, op: Op) => Steps<Answer>;
  /** Interleaved it stays on its CPU: as who takes another one down. Default false. */
  readonly pinned?: boolean;
  /** The operation in words, for a program that is shown. */
  readonly describe: (op: Op, options: WorldOptions) => string;
  /** An answer in words. Default: the number. */
  readonly describeAnswer?: (answer: number) => string;
}

/** The invariants of a subsystem by name, by when they are looked at. A {@link ModelViolation} names one of them. */
export interface Invariants {
  /** By the commands themselves: answers against the model, during and after each. */
  readonly command: readonly string[];
  /** By `checkLocal`: after every command. */
  readonly local: readonly string[];
  /** By `checkWhole`: at intervals, at the end, and after every command of a run that is shrunk or shown. */
  readonly whole: readonly string[];
}

/** Something that can be model-checked: a real structure, its reference model, and what can be done to both. */
export interface Subsystem<W> {
  readonly name: string;
  readonly commands: readonly Command<W>[];
  readonly invariants: Invariants;
  /** Faults that its programs may meet under these options. Its worlds are made without the others. Default: none. */
  readonly faults?: (options: WorldOptions) => readonly FaultOption[];
  /** A fresh world. */
  readonly setup: (options: WorldOptions) => W;
  /** Asked of a fresh world: what makes it fresh again, for less than another one costs. Default: nothing does. */
  readonly renewal?: (world: W) => () => void;
  /** Options that nobody asked for, chosen by the seed of a run: so that a campaign sees more than one kind of world. */
  readonly vary?: (options: WorldOptions, seed: number) => WorldOptions;
  /** What {@link vary} has chosen, in words; none where that is nothing out of the ordinary. */
  readonly describeWorld?: (options: WorldOptions) => string;
  /** Names of the cells, for traces. */
  readonly cellsOf: (world: W) => CellSpace | undefined;
  /** Invariants that cost little; after every command. `underWay` other commands are in their middle. Throws ModelViolation. */
  readonly checkLocal: (world: W, underWay: number) => void;
  /** Invariants of whole structures. Only called when no command is under way. Throws ModelViolation. */
  readonly checkWhole: (world: W) => void;
  /** The state in flat words and numbers, for runs that are shown. May be asked for in the middle of commands. */
  readonly describeState: (world: W) => Readonly<Record<string, string | number>>;
}

import type { V7sBehaviour } from '@iommu/v7s-pgtable';
import type { MachineOptions } from '@mm/machine';
import type { CellSpace, Context, Steps } from '@mm/steps';

/** The machine options that a run may vary. A machine is strict unless `strict` says otherwise. */
export interface WorldOptions extends Pick<
  MachineOptions,
  | 'preset'
  | 'cpus'
  | 'series'
  | 'ramBytes'
  | 'strict'
  | 'slab'
  | 'cmdline'
  | 'pageblockOrder'
  | 'randomFreelist'
  | 'hardenedFreelist'
> {
  /** Of the page table: with the live bugs of Linux 6.1 or without. Default `corrected`. */
  readonly behaviour?: V7sBehaviour;
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

/** An operation that can be done to a world and its model at once. */
export interface Command<W> {
  readonly name: string;
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  /** Whether it can be done now. */
  readonly enabled: (world: W) => boolean;
  /** Does it at full speed and holds the answer against the model. @throws ModelViolation */
  readonly run: (world: W, ctx: Context, op: Op) => void;
  /** The same, pausing at every access to shared state. */
  readonly steps: (world: W, ctx: Context, op: Op) => Steps<void>;
  /** The operation in words, for a program that is shown. */
  readonly describe: (op: Op) => string;
}

/** Something that can be model-checked: a real structure, its reference model, and what can be done to both. */
export interface Subsystem<W> {
  readonly name: string;
  readonly commands: readonly Command<W>[];
  /** A fresh world. */
  readonly setup: (options: WorldOptions) => W;
  /** Names of the cells, for traces. */
  readonly cellsOf: (world: W) => CellSpace | undefined;
  /** Invariants that cost little; after every command. Only called when no command is under way. Throws ModelViolation. */
  readonly checkLocal: (world: W) => void;
  /** Invariants of whole structures; at intervals and at the end. Throws ModelViolation. */
  readonly checkWhole: (world: W) => void;
  /** How many checks one `checkLocal` and one `checkWhole` make. */
  readonly checks: { readonly local: number; readonly whole: number };
}
